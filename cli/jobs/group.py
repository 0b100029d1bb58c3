"""The group of all commands on jobs."""

import click

from cli.jobs.change import cancel, delete, retry
from cli.jobs.feedback import feedback
from cli.jobs.look import list_jobs, show
from cli.jobs.read import export, faults, verdicts
from cli.jobs.submit import submit
from cli.jobs.watch import watch

jobs = click.Group(
    "jobs",
    help="Submit, follow, export and delete the jobs of a server.",
    commands=[
        submit,
        list_jobs,
        show,
        watch,
        verdicts,
        export,
        feedback,
        faults,
        cancel,
        retry,
        delete,
    ],
)
