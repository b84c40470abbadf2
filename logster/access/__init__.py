"""Access: ready-made answers to who sees the log, each for use as `authorize`."""

from logster.access.basic import basic as basic
from logster.access.passwords import hash_password as hash_password
from logster.access.proxy_headers import proxy_headers as proxy_headers
from logster.access.shared_secret import shared_secret as shared_secret
from logster.access.signed_in import signed_in as signed_in
from logster.viewer.loopback import loopback_only as loopback_only
from logster.viewer.permission import Access as Access
from logster.viewer.permission import Visitor as Visitor

__all__ = [
    "Access",
    "Visitor",
    "basic",
    "hash_password",
    "loopback_only",
    "proxy_headers",
    "shared_secret",
    "signed_in",
]
