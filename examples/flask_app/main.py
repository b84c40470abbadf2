"""A shop in Flask with its log at /logs/: `python examples/flask_app/main.py`, then http://127.0.0.1:8000/.

Sign in as `admin` to see the log; anybody else may not.
"""

import os
from typing import Any

import flask
import flask_login

import logster
from logster.integrations.flask import Logster

app = flask.Flask(__name__)
app.secret_key = os.environ.get("SHOP_SECRET", "for development only")
login = flask_login.LoginManager(app)


class User(flask_login.UserMixin):
    """Somebody who signed in; a real shop would ask for a password."""

    def __init__(self, name: str) -> None:
        self.id = name


login.user_loader(User)


def only_admin() -> Any:
    """Say whether the log may be seen; lead those to the login who are not signed in."""
    user = flask_login.current_user
    return user.id == "admin" if user.is_authenticated else flask.redirect(flask.url_for("sign_in_as"))


Logster(app, authorize=only_admin)


@app.get("/")
def home() -> str:
    return flask.render_template_string('<a href="charge">charge</a> <a href="logs/">log</a> {{ logster_js() }}')


@app.get("/charge")
def charge() -> str:
    raise ValueError("The bank said no")


@app.errorhandler(500)
def failed(error: Exception) -> tuple[str, int]:
    return f'Something failed: <a href="{logster.permalink()}">what?</a>', 500


@app.get("/login")
def sign_in_as() -> str:
    return '<form method="post">Name: <input name="name"><button>Sign in</button></form>'


@app.post("/login")
def sign_in() -> Any:
    flask_login.login_user(User(flask.request.form["name"]))
    return flask.redirect(flask.url_for("home"))


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8000")))
