"""A small shop: what lies in the cart, the tax on it, how it is paid and paid back."""
