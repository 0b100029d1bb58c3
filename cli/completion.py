"""`fakesweep completion`: the script that lets a shell complete commands and options."""

import click
from click.shell_completion import get_completion_class

PROGRAM = "fakesweep"
VARIABLE = "_FAKESWEEP_COMPLETE"  # the one that click looks for when it is asked to complete


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Write the script that lets SHELL complete commands, options and their values.

    Put it where the shell reads it when it starts:

    \b
    bash  echo 'eval "$(fakesweep completion bash)"' >> ~/.bashrc
    zsh   echo 'eval "$(fakesweep completion zsh)"' >> ~/.zshrc
    fish  fakesweep completion fish > ~/.config/fish/completions/fakesweep.fish
    """
    script = get_completion_class(shell)
    assert script is not None, "click has all three"
    click.echo(script(context.find_root().command, {}, PROGRAM, VARIABLE).source())
