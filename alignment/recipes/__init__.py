"""The recipes of all kinds of job, by what they learn from; `alignment.config` reads and checks them."""
