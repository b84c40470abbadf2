"""A shop in Django: WSGI as `shop.wsgi`, ASGI as `shop.asgi`."""
