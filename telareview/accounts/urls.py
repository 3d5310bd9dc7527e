"""`/accounts/…`: allauth's sign-in under its own names, and what a person may choose."""

from allauth.account import views as allauth
from django.urls import include, path

from telareview.accounts import views

own = [
    path("workspace/", views.switch_workspace, name="switch-workspace"),
    path("preferences/", views.preferences, name="preferences"),
    path("preferences/theme/", views.theme, name="theme"),
]

urlpatterns = [
    path("", include((own, "accounts"))),
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("signup/", allauth.signup, name="account_signup"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/reset/", views.password_forgotten, name="account_reset_password"),
    # allauth reverses these names; the pages are not offered: the e-mail address is given by an administrator.
    path("email/", views.closed, name="account_email"),
    path("confirm-email/", views.closed, name="account_email_verification_sent"),
    path("confirm-email/<str:key>/", views.closed, name="account_confirm_email"),
    path("password/set/", views.closed, name="account_set_password"),
    path("password/reset/key/<str:uidb36>-<str:key>/", views.closed, name="account_reset_password_from_key"),
    path("reauthenticate/", views.closed, name="account_reauthenticate"),
]
