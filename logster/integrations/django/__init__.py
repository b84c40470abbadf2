"""Django, WSGI and ASGI: a Django app with middleware, URLs, system checks and a template tag.

Named in INSTALLED_APPS as "logster.integrations.django"; docs/django.md has the lines.
"""
