"""The option that names the server, of every command that talks to one."""

import click

server_option = click.option(
    "--url", metavar="URL", help="Address of the server; by default as the settings say."
)
