"""Makes the database and two users, and goes on as Django's own server: `python examples/django_app/main.py`.

The log is at http://127.0.0.1:8000/logs/. `staff` may see it, `customer` may not; their password is shown.
"""

import os
import secrets
import sys
from pathlib import Path

import django
from django.core.management import call_command

HERE = Path(__file__).parent

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
password = os.environ.setdefault("SHOP_PASSWORD", secrets.token_urlsafe(9))
django.setup()
call_command("migrate", verbosity=0)

from django.contrib.auth.models import User  # noqa: E402 - there are no models before setup()

for name in ("staff", "customer"):
    user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": name == "staff"})
    user.set_password(password)
    user.save()
sys.stdout.write(f"Sign in as staff or customer with the password {password}\n")
sys.stdout.flush()
os.execv(sys.executable, [sys.executable, str(HERE / "manage.py"), "runserver", *sys.argv[1:]])
