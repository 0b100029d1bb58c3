"""The web pages: rendered on the server, whole without JavaScript, livelier with it."""
