"""Where in the shop things are."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path

from shop import views

handler500 = "shop.views.failed"
urlpatterns = [
    path("", views.front),
    path("orders/<int:order>/", views.order),
    path("orders/<int:order>/charge/", views.charge),
    path("orders/<int:order>/label/", views.label),
    path("login/", LoginView.as_view(template_name="login.html"), name="login"),
    path("admin/", admin.site.urls),
    path("logs/", include("logster.integrations.django.urls")),
]
