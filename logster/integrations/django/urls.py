"""The log's URLs, to include wherever it shall stand: `path("logs/", include("logster.integrations.django.urls"))`."""

from django.urls import re_path

from logster.integrations.django.mount import APP_NAME, VIEW_NAME
from logster.integrations.django.views import log

app_name = APP_NAME
urlpatterns = [re_path(r"^(?P<path>.*)$", log, name=VIEW_NAME)]
