"""{% logster_js %}: the script that reports what goes wrong in the page's JavaScript."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from logster.integrations.django.mount import log_url

register = template.Library()


@register.simple_tag(takes_context=True)
def logster_js(context: template.Context, nonce: Any = None) -> SafeString:
    """Return the script's element; nothing where the URLconf does not include the log.

    Arguments:
        context: the template's context.
        nonce: what the site's content security policy asks of scripts; by default the context's `csp_nonce`, as
            Django's own context processor provides it.
    """
    url = log_url("logster.js")
    if not url:
        return SafeString("")
    nonce = context.get("csp_nonce") if nonce is None else nonce
    # Django's own is lazy, false until it is made, and in the header only then.
    if nonce is not None and (nonce := str(nonce)):
        return format_html('<script src="{}" nonce="{}"></script>', url, nonce)
    return format_html('<script src="{}"></script>', url)
