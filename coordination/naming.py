"""Whether those whom a question names can be found, and whether they are enough."""

from collections.abc import Iterable

from coordination.directory import ROLE, SOURCE, Everybody
from coordination.policy import Roles, group_form, is_active, is_named, names_person

FORMS = "Name people (<@U123>, @handle), groups (@group, S123), role:NAME or source:NAME."
NO_SCOPE = "Slack does not let Baton see user groups: give the app the scope usergroups:read."


def approver_problems(
    approvers: Iterable[str],
    known: Everybody,
    roles: Roles,
    *,
    readable: bool = True,
    quorum: int = 1,
) -> tuple[str, ...]:
    """Return a sentence for each approver nobody can be found for, and one if all are too few.

    Args:
        approvers: in the forms people are named by.
        known: the directory.
        roles: who has which.
        readable: whether Slack lets Baton see user groups.
        quorum: how many have to agree.
    """
    forms = tuple(approvers)
    found = [each for form in forms for each in _problem(form, known, roles, readable=readable)]
    if not found and (few := _too_few(forms, known, roles, quorum)):
        found.append(few)
    return tuple(found)


def _problem(form: str, known: Everybody, roles: Roles, *, readable: bool) -> Iterable[str]:
    if form.startswith(SOURCE):
        return
    if known.clashes(form):
        yield f"{form} is both a person and a group, so it means neither. Write their id instead."
    elif not any(is_active(each) and is_named([form], each, roles) for each in known.values()):
        yield _nobody(form, known, readable=readable)


def _nobody(form: str, known: Everybody, *, readable: bool) -> str:
    """Say why *form* means nobody who takes part."""
    if form.startswith(ROLE):
        return f"{form} is given to nobody who takes part: name them under roles in baton.yaml."
    who = next((each for each in known.values() if names_person(form, each)), None)
    if who is not None:
        return f"{form} ({who.name}) left, or is a bot or a guest: they decide nothing."
    if group_form(form) and not readable:
        return f"{form} is nobody Baton can find. {NO_SCOPE}"
    group = known.group(form)
    if group is not None:
        return f"{form} ({group.name}) has no member who takes part."
    return f"{form} is no person and no group Baton can find. {FORMS}"


def _too_few(forms: tuple[str, ...], known: Everybody, roles: Roles, quorum: int) -> str | None:
    """Say that fewer can agree than have to; each source counts as one."""
    sources = sum(form.startswith(SOURCE) for form in forms)
    humans = {
        each.human for each in known.values() if is_active(each) and is_named(forms, each, roles)
    }
    can = len(humans) + sources
    return f"{quorum} must agree, but only {can} can." if can < quorum else None
