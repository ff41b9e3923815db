"""`nightshift visuals`: pictures for items; by ComfyUI, or drawn here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, not_blank, print_facts, print_json, print_table

if TYPE_CHECKING:
    from utils.models.visuals import VisualOptions

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]

visuals = typer.Typer(no_args_is_help=True, help="Pictures for items: by ComfyUI, or drawn here.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(visuals, name="visuals")


@visuals.command()
def make(
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="ITEM...", help="Items: a checksum, its beginning, a path.", callback=not_blank
        ),
    ],
    style: Annotated[
        str | None, typer.Option("--style", help="How they are to look: visuals styles.")
    ] = None,
    workflow: Annotated[
        str | None, typer.Option("--workflow", help="ComfyUI's workflow: visuals styles.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", help="auto, comfyui, or local: drawn here.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Another picture each.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Make what was made before again.")
    ] = False,
    as_json: Json = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Prefect's own log on stderr.")
    ] = False,
) -> None:
    """Make pictures for items that are in the library; all else of them is recalled."""
    from nightshift.cli.work import call_flow
    from utils.config import load_settings
    from utils.db import items
    from utils.db.session import session
    from utils.errors import SettingsError, UsageError
    from utils.visuals import pictures

    said = {"style": style, "workflow": workflow, "engine": engine, "seed": seed}
    settings = load_settings()
    options = settings.pipeline
    chosen = _chosen(options.visuals, {name: one for name, one in said.items() if one is not None})
    try:
        pictures.engine(chosen, settings)  # what can't be meant is told before anything is begun
    except SettingsError as error:
        if chosen == options.visuals:
            raise
        raise UsageError(str(error)) from error
    with session() as s:
        ids = [items.find(s, one).id for one in wanted]
    given = {name: one for name, one in said.items() if one is not None}
    wanted_visuals = type(options.visuals)(**given)
    options = type(options)(steps=options.steps, visuals=wanted_visuals, force=force)
    call_flow("visual_generation", as_json, verbose, f"nightshift visuals list {ids[0][:10]}",
              items=ids, options=options)  # fmt: skip


@visuals.command("list")
def list_visuals(wanted: Wanted, as_json: Json = False) -> None:
    """List the pictures and films of an item, and what each was made from."""
    from utils.db import items
    from utils.db.session import session
    from utils.documents.visuals import document

    with session() as s:
        row = items.find(s, wanted)
        found, title = document(s, row.id), row.title
    if as_json:
        print_json(found)
        return
    if not found["visuals"]:
        console.print(f"{title} has no pictures yet: nightshift visuals make ITEM", markup=False)
    print_visuals(found, with_inputs=True)


@visuals.command()
def check(as_json: Json = False) -> None:
    """Try ComfyUI: its version, one picture without a model, what each workflow lacks there."""
    from utils.config import load_settings
    from utils.visuals import checking

    found = checking.check(load_settings())
    if as_json:
        workflows = [one._asdict() for one in found.workflows]
        print_json(found._asdict() | {"workflows": workflows})
        return
    print_facts(
        (
            ("address", found.address),
            ("ComfyUI", found.version),
            ("a picture of one colour", f"made in {found.seconds:.1f} s"),
        )
    )
    console.print()
    print_table(
        ("workflow", "model", "missing"),
        ((one.name, one.model or "–", one.missing or "nothing") for one in found.workflows),
        below=("missing",),
    )


@visuals.command()
def styles(as_json: Json = False) -> None:
    """List the styles and workflows that there are, and the inputs of each workflow."""
    from utils.config import load_settings
    from utils.visuals import template_files

    settings = load_settings()
    found = []
    for name, path in template_files.styles(settings).items():
        description = template_files.style(name, settings).description
        found.append({"name": name, "file": str(path), "description": description})
    workflows = []
    for name, path in template_files.workflows(settings).items():
        template = template_files.workflow(name, settings)
        told = {"name": name, "file": str(path), "description": template.description}
        inputs = template.model_dump(mode="json")["inputs"]
        workflows.append({**told, "nodes": list(template.classes), "inputs": inputs})
    if as_json:
        print_json({"styles": found, "workflows": workflows})
        return
    print_table(("style", "what it is"), ((one["name"], one["description"]) for one in found))
    console.print()
    print_table(
        ("workflow", "what it does", "inputs"),
        ((one["name"], one["description"], ", ".join(one["inputs"])) for one in workflows),
        below=("what it does", "inputs"),
    )


def print_visuals(found: dict[str, Any], with_inputs: bool = False) -> None:
    """Print pictures and films for people."""
    print_table(
        ("kind", "aspect", "size", "made by", "file"),
        (
            (
                one["kind"].replace("_", " "),
                one["aspect"],
                f"{one['width']}×{one['height']}",
                one["engine"] + (f", {one['model']}" if one["model"] else ""),
                one["path"] if one["is_there"] else f"{one['path']} (gone)",
            )
            for one in found["visuals"]
        ),
    )
    for one in found["visuals"] if with_inputs else ():
        if one["workflow"]:
            values = ", ".join(f"{name}: {value}" for name, value in one["inputs"].items())
            console.print(f"\n[bold]{one['kind']} {one['aspect']}[/]")
            print_facts(
                (("workflow", one["workflow"]), ("seed", one["seed"] or "–"),
                 ("prompt", one["prompt"] or "–"), ("values", values))
            )  # fmt: skip
    told = [f"{one['kind']} {one['aspect']}: {fault}" for one in found["visuals"]
            for fault in one["warnings"]]  # fmt: skip
    for line in [*told, *found["notes"]]:
        console.print(f"! {line}", style="yellow", markup=False)


def _chosen(options: VisualOptions, said: dict[str, Any]) -> VisualOptions:
    """The settings' options, changed by what stands on the command line.

    Raises:
        typer.BadParameter: that is none of them.
    """
    from pydantic import ValidationError

    from utils.models.options import faults

    try:
        return type(options).model_validate(options.model_dump() | said)
    except ValidationError as error:
        raise typer.BadParameter(faults(error)) from error
