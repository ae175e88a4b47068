"""The function `posting`: a person says something and gets a verdict. Wiring only."""

from functions.posting.routes import routes
from shared.platform.cloud_function import cloud_function
from shared.platform.service import create_app

app = create_app("posting", title="Coincide: posting", routes=routes)
posting = cloud_function("posting", app)
