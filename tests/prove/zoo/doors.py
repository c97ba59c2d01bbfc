"""Flaws of what comes in and goes out: expressions, files, signatures, secrets, programs, addresses."""

from tests.prove.zoo.rows import Change, Planted

__all__ = ["ROWS"]

ROWS = (
    Planted(
        12,
        "`str.format` fills in a URL, and reads the surroundings",
        "T-01, T-02",
        "tests/architecture/test_secrets.py"
        "::test_foreign_text_becomes_neither_code_nor_objects_nor_commands",
        (
            Change(
                "workflows/actions/http.py",
                "__all__",
                """def filled(url, context):
    return url.format(**context)


__all__""",
            ),
        ),
    ),
    Planted(
        18,
        "the secret of a webhook is stored in clear",
        "T-35",
        "tests/handlers/http/test_hooks.py"
        "::test_publishing_shows_the_secrets_once_and_stores_them_closed",
        (
            Change(
                "coordination/hook_secrets.py",
                "    store.put(tx, *hook, closing.secrets.close(json.dumps(held)), now=now)\n",
                "    store.put(tx, *hook, json.dumps(held), now=now)\n",
            ),
            Change(
                "coordination/hook_secrets.py",
                "    text = secrets.open(closed)\n    held",
                "    text = closed\n    held",
            ),
        ),
    ),
    Planted(
        19,
        "HTTP goes out without a look at the address",
        "T-31",
        "tests/security/test_where_requests_go.py"
        "::test_one_address_among_others_is_enough_to_refuse_a_name",
        (
            Change(
                "bot/world/addresses.py",
                "        if public and not is_public(address):\n",
                "        if False:\n",
            ),
        ),
    ),
    Planted(
        20,
        "an expression that cannot be read is Python's",
        "T-01, T-05",
        "tests/workflows/language/test_hostile_expressions.py"
        "::test_no_text_reaches_what_is_behind_its_names",
        (
            Change(
                "workflows/language/expressions/expression.py",
                "    try:\n        expression = _compile(text)\n",
                """    try:
        try:
            expression = _compile(text)
        except InvalidExpression:
            program = compile(text, "expression", "eval")
            return lambda context: eval(program, {}, dict(context))
""",
            ),
        ),
    ),
    Planted(
        21,
        "data that looks like a template is evaluated in a second pass",
        "T-01",
        "tests/properties/test_expressions.py::test_data_is_never_evaluated",
        (
            Change(
                "workflows/language/expressions/templates.py",
                "        return self._run(context, Budget(self._cost))\n",
                """        value = self._run(context, Budget(self._cost))
        if isinstance(value, str) and has_template(value):
            return compile_template(value)._run(context, Budget(self._cost))
        return value
""",
            ),
        ),
    ),
    Planted(
        22,
        "where there is no secret, everything is accepted",
        "T-12",
        "tests/handlers/http/test_signed.py::test_no_secret_means_nobody_on_every_way",
        (
            Change(
                "handlers/http/signed.py",
                "    if credential is None or not right:\n",
                "    if credential is None or not (right or len(set(secrets)) == 1):\n",
            ),
        ),
    ),
    Planted(
        23,
        "a source is looked up before it is verified, and who is none is told so",
        "T-15",
        "tests/handlers/http/test_signed.py::test_everything_that_is_wrong_looks_the_same",
        (
            Change(
                "handlers/http/signed.py",
                "    headers = {name: request.headers.getlist(name) for name in STANDARD}\n",
                """    headers = {name: request.headers.getlist(name) for name in STANDARD}
    if credential is None:
        from coordination.errors import NotFound

        raise NotFound("source", str(names))
""",
            ),
        ),
    ),
    Planted(
        24,
        "a malformed header is an error of ours",
        "T-17",
        "tests/handlers/http/test_signatures.py"
        "::test_malformed_values_are_wrong_and_never_an_error",
        (
            Change(
                "handlers/http/signatures.py",
                "    except (binascii.Error, ValueError):\n",
                "    except KeyError:\n",
            ),
        ),
    ),
    Planted(
        43,
        "of two keys of one name, the last counts",
        "T-08",
        "tests/workflows/language/test_loader.py"
        "::test_duplicates_and_strange_numbers_are_reported_together",
        (
            Change(
                "workflows/language/loader.py",
                "        if name in level.seen:\n",
                "        if False:\n",
            ),
        ),
    ),
    Planted(
        44,
        "the arguments of a program are joined into one text for a shell",
        "T-28",
        "tests/workflows/actions/test_shell.py"
        "::test_what_an_expression_gave_is_one_argument_as_it_stands",
        (
            Change(
                "workflows/actions/shell.py",
                "            params.argv, cwd=_folder",
                '            ["sh", "-c", " ".join(params.argv)], cwd=_folder',
            ),
        ),
    ),
    Planted(
        45,
        "git runs with the configuration of a work tree that others write",
        "T-29",
        "tests/workflows/actions/test_git_safety.py"
        "::test_no_program_that_a_repository_names_is_run",
        (
            Change(
                "bot/world/repositories.py",
                '        "GIT_DIR": str(folder),\n',
                '        "GIT_DIR": str(tree / ".git"),\n',
            ),
        ),
    ),
    Planted(
        46,
        "a path lies inside a folder if it begins with its name",
        "T-30",
        "tests/bot/test_world_files.py::test_no_path_leads_out",
        (
            Change(
                "bot/world/files.py",
                "        if not Path(place).is_relative_to(self.root):\n",
                "        if not place.startswith(str(self.root)):\n",
            ),
        ),
    ),
    Planted(
        49,
        "a secret is covered only where it stands as it is: in base64 it leaks",
        "T-35",
        "tests/workflows/runtimes/test_masks.py::test_what_others_make_of_a_secret_is_covered",
        (
            Change(
                "workflows/runtimes/host/masks.py",
                "    yield text\n    if halves",
                "    yield text\n    return\n    if halves",
            ),
        ),
    ),
)
