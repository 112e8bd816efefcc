"""The ``usher`` command. Imports happen inside the commands, so that each starts only what it needs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.embedded.child import StartError

cli = typer.Typer(
    name="usher",
    help="Sells places and runs lines.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

DataDir = Annotated[Path, typer.Option("--data-dir", help="Where embedded servers keep their data.")]
DATA_DIR = Path(".data")


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8000,
    data_dir: DataDir = DATA_DIR,
    api_processes: Annotated[int, typer.Option(min=1, max=64)] = 1,
    worker_processes: Annotated[int, typer.Option(min=0, max=64)] = 1,
    admin_email: Annotated[str, typer.Option(help="Of the first admin.")] = "admin@example.com",
    demo: Annotated[
        bool, typer.Option("--demo", help="Put demo events and a demo line in, unless they are there.")
    ] = False,
) -> None:
    """Start everything on this machine, and the servers it needs unless their URLs are set."""
    from app.supervisor.command import serve as run
    from app.supervisor.serve import Plan

    plan = Plan(
        data_dir=data_dir,
        host=host,
        port=port,
        api_processes=api_processes,
        worker_processes=worker_processes,
        admin_email=admin_email,
        demo=demo,
    )
    raise typer.Exit(run(plan))


@cli.command()
def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    fd: Annotated[int | None, typer.Option(min=3, help="An open listening socket instead.")] = None,
) -> None:
    """Run one API process."""
    from app.supervisor.api import run

    run("app.main:create_app", host=host, port=port, fd=fd)


@cli.command()
def worker() -> None:
    """Run one worker process."""
    from workers.main import run

    run()


@cli.command()
def admin(email: Annotated[str, typer.Argument()]) -> None:
    """Make an admin account unless it exists. The password comes from standard input."""
    from app.supervisor.tasks import make_admin

    created = make_admin(email, sys.stdin.read().strip())
    typer.echo("created" if created else "exists")


@cli.command()
def seed(data_dir: DataDir = DATA_DIR) -> None:
    """Put demo events in (one with seats, one with general admission, one free) and a line with people."""
    from app.supervisor.tasks import seed as put

    typer.echo(put(data_dir))


@cli.command()
def check(
    mongodb_url: Annotated[str, typer.Option(help="Default: the setting, else the running servers'.")] = "",
    redis_url: Annotated[str, typer.Option(help="Default: the setting, else the running servers'.")] = "",
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Check the invariants; print what was found as JSON; exit with 1 when one is broken."""
    from app.supervisor.tasks import check as look

    found = look(data_dir, mongodb_url, redis_url)
    typer.echo(found.text)
    raise typer.Exit(0 if found.clean else 1)


@cli.command()
def bench() -> None:
    """Measure, and print ratios against an empty route."""
    sys.path.insert(0, str(Path(__file__).parents[1]))  # It is part of a checkout, not of the package.
    from bench.main import main as measure

    measure()


def main() -> None:
    try:
        cli()
    except StartError as error:
        typer.echo(f"usher: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
