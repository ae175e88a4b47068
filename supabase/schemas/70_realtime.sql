-- Who may listen. Only what our own transactions send is ever broadcast: there is no insert policy, so clients cannot.

create policy "anyone listens to the public feed" on realtime.messages
  for select to anon, authenticated
  using (extension = 'broadcast' and (select realtime.topic()) = 'feed:all');
