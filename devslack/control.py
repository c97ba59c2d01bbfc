"""The control API: what a test, a demo or the browser page may ask of devslack.

Everything is under ``/devslack``; JSON in, JSON out, UTF-8. A good answer has ``"ok": true``; wrong
use is a 4xx with ``{"ok": false, "error": CODE, "detail": SENTENCE}``. A request whose ``Host`` is not
a name of this server, or whose ``Origin`` is another site, is 403 ``forbidden_host`` or
``forbidden_origin``. Unknown keys of a body are 400 ``unknown_field``, so a typing error never passes
in silence. ``as`` is always a user id (``U0ADA``), ``ts`` always a string, ``channel`` an id or ``#name``.

Shapes
======
``User``      ``{id, name, real_name, display_name, title, is_bot, is_guest, is_admin, color, deleted}``
``Group``     ``{id, handle, name, users: [user ids], disabled}``
``Channel``   ``{id, name, kind: "public"|"private"|"im", archived, topic, members: [user ids],
              user?: the other person of an im, bot_member: bool, last_ts}``
``Message``   ``{channel, ts, thread_ts?, subtype?, user, username, bot_id?, app_id?, text, blocks?,
              attachments?, plain, edited?: {user, ts}, reply_count, reply_users: [ids], latest_reply?,
              reactions: [{name, count, users}], permalink, ephemeral?: true, visible_to?: user id,
              files?, pinned_by?, streaming?: true, metadata?}``. ``plain`` is what a person reads, mentions resolved, one line per row, buttons
              as ``[Approve]``. ``thread_ts == ts`` on a root with replies; ``subtype`` is
              ``thread_broadcast``, ``file_share``, ``tombstone`` (a deleted root with
              replies) or absent. An ephemeral message has an ordinary ``ts`` and is told apart by
              ``ephemeral``.
``View``      Slack's view ``{id, type: "modal"|"home", title, submit, close, blocks, callback_id,
              private_metadata, external_id, hash, root_view_id, previous_view_id, notify_on_close,
              clear_on_close, state: {values}}`` and ``errors: {block_id: sentence}`` (under the inputs),
              ``notice``: a sentence above the buttons, or null (the app did not answer, or wrongly).
``Ack``       ``{state: "acked"|"timeout"|"none_connected"|"refused"|"not_sent", ms, payload, problem}``.
              ``refused``: the app answered something that Slack does not take; ``problem`` says what.
              ``not_sent``: nothing had to be delivered, ``problem`` says why.
``Acted``     ``{ok, id, ack: Ack, effects: [...], message?: Message, view?: View}``: the answer of every
              acting call. It comes when the app acked or the time limit passed. ``effects`` names
              what appeared meanwhile: ``"message:C…/ts"``, ``"changed:C…/ts"``, ``"deleted:C…/ts"``,
              ``"ephemeral:U…/C…/ts"``, ``"view:V…"``, ``"home:U…"``.
``Call``      an API call: ``{seq, at, method, args, ok, error, status, ms, response, faults: [names]}``;
              tokens are masked.
``Envelope``  a delivery: ``{id, seq, at, type: "events_api"|"slash_commands"|"interactive", subtype
              (event type, command or payload type), event_id?, retry, reason, state: "sent"|"acked"|
              "late"|"timeout"|"none_connected"|"refused"|"dropped"|"held"|"not_subscribed", why?, ms, payload,
              ack}``. ``late``: an ack that came after the time limit and did not count. ``held``: a
              fault keeps the event back; it has another envelope when it goes.
``Session``   what the app says of a conversation: ``{channel, thread_ts, title, status, prompts_title,
              prompts: [{title, message}]}``

Reading
=======
GET ``health``        ``{ok, version, connections, clock: {mode, now}, page: bool, deliver}``
GET ``users``         ``{ok, team: {id, name, domain}, users: [User], groups: [{id, handle, name, users}],
                      app: {id, name, user_id, bot_id, home: bool, messages_tab: bool, commands:
                      [{command, description, usage_hint}], shortcuts: [{name, type: "global"|"message",
                      callback_id, description}]}}``
GET ``channels``      ``?as=`` -> ``{ok, channels: [Channel]}``; with ``as`` only those the person may open
                      (public ones, and private ones and ims they are in). Without it, all.
GET ``messages``      ``?channel=&thread_ts=&as=&include=ephemeral,metadata&limit=200`` -> ``{ok, messages:
                      [Message], status?: {status, loading_messages}, session?: Session}``, oldest first. Without
                      ``thread_ts``: what stands in the channel (roots and broadcast replies). With it:
                      the root, then its replies. ``include=ephemeral`` needs ``as`` and adds what only
                      this person sees. A person who may not open the channel: 403
                      ``not_visible_to_user``.
GET ``views``         ``?as=&home=1`` -> ``{ok, stack: [View], home: View|null}``: open modals, bottom first.
GET ``notifications`` ``?as=`` -> ``{ok, notifications: [{id, at, user, channel, ts, reason: "mention"|
                      "group_mention"|"channel_mention"|"dm"|"thread"|"broadcast", plain}]}``
GET ``calls``         ``?since=SEQ&method=`` -> ``{ok, calls: [Call]}`` (the newest 2000 are kept)
GET ``envelopes``     ``?since=SEQ&type=`` -> ``{ok, envelopes: [Envelope]}`` (the newest 2000)
GET ``state``         the whole workspace, with stable key order, for golden tests
GET ``manifest``      ``{ok, manifest, scopes, problems: [sentences]}``
GET ``limits``        ``{ok, enabled, buckets: [{method, channel?, left, most, seconds}]}``: what is left of
                      each bucket that was used
GET ``chaos``         ``{ok, switches: [{switch, count, probability, args}]}``

Acting
======
Each answers ``Acted``. For the person's own mistakes: 404 ``user_not_found``, ``channel_not_found``,
``message_not_found``, ``view_not_found``, ``no_such_element``, ``no_such_command``,
``no_such_shortcut``; 403 ``not_visible_to_user``, ``not_in_channel``; 409 ``is_archived``.

POST ``messages``     ``{as, channel, text, thread_ts?, broadcast?, blocks?, metadata?, bot?}``: types a
                      message. ``@name``, ``@group`` and ``#channel`` in the text become mentions, as the
                      composer of Slack does. ``channel`` may be the user id of the app's bot: the DM.
                      ``bot: true`` posts as the other bot of the fixture (``as`` is then left out).
PATCH ``messages``    ``{as, channel, ts, text, metadata?}``; DELETE ``messages`` ``{as, channel, ts}``. A
                      person edits and deletes only their own; DELETE of the app's messages is open to
                      everybody (403 ``not_author`` otherwise). With ``bot: true`` in place of ``as`` it is
                      a message of another app that is edited or deleted, by that app.
POST ``slash``        ``{as, channel, command, text, thread_ts?}``. In a thread: 409
                      ``slash_not_in_thread``. A failure is shown as an ephemeral message.
POST ``click``        ``{as, channel, ts | view_id, action_id, block_id?, value?, confirm?}``. For buttons
                      leave ``value`` out, or give the button's value to tell two with one action_id
                      apart; for selects and radio buttons it is the chosen option's value (or the user,
                      channel or conversation id, date, time), for multi-selects and checkboxes a list of
                      them, for overflow the option's value, for text inputs the text. ``ts`` may be that
                      of an ephemeral message. ``confirm: false`` = the person said no in the confirm
                      dialog: nothing is sent. In a modal the state changes too.
POST ``options``      ``{as, view_id | channel + ts, action_id, block_id?, query}``: what an external select
                      offers; the answer carries ``options`` or ``option_groups``.
POST ``views/{id}/submit``  ``{as, values: {block_id: {action_id: value}}}``, values as for ``click``. Inputs
                      left out keep what the person had typed, or their initial value. The page's own
                      checks come first: 422 ``{"ok": false, "error": "invalid_input", "errors":
                      {block_id: sentence}}`` and nothing is sent. After it look at ``view`` (null when
                      the modal closed) for ``errors`` and ``notice``.
POST ``views/{id}/close``   ``{as, clear?}``: the X, or Cancel; ``clear`` closes the whole stack.
POST ``home``         ``{as, tab: "home"|"messages"}``: opens the app; ``app_home_opened`` goes out.
POST ``shortcut``     ``{as, callback_id, channel?, ts?}``: a message shortcut needs both.
POST ``reactions``    ``{as, channel, ts, name, op: "add"|"remove"}``
POST ``channels``     ``{name, private?, as?}`` -> ``{ok, channel}``; PATCH ``channels/{id}`` ``{name?,
                      archived?, topic?}`` -> ``{ok, channel}``
POST ``members``      ``{channel, user, op: "join"|"leave"}``; ``user`` may be the app's bot user.
POST ``users``        ``{name, id?, real_name?, title?, email?, is_guest?, is_admin?}`` -> ``user``; PATCH
                      ``users/{id}`` any of these and ``deleted``: a deactivated person is in no channel
                      and no group any more, and cannot act (403 ``deactivated``).
POST ``groups``       ``{handle, name?, users?}`` -> ``group``; PATCH ``groups/{id}`` ``{handle?, name?, users?,
                      disabled?}``
POST ``webhooks``     ``{channel, as_app?}`` -> ``{ok, url, app: {id, bot_id, user_id, name}}``: an incoming
                      webhook. ``as_app`` is the id or the name of another app, one that is not known
                      comes into the workspace; without it the other bot's. POST to ``url``, JSON
                      with text, blocks, attachments, metadata, thread_ts: ``ok``, or the refusal in plain
                      text. Its calls are in ``calls`` under the method ``webhook``.

Steering
========
POST ``reset``        ``{fixture?, manifest?, seed?}``: a fresh workspace with the same tokens; sockets stay
                      open; faults, logs and settings are cleared.
PUT ``manifest``      YAML or JSON text -> ``{ok, problems}``; with problems nothing is replaced (422).
POST ``wait``         ``{until, timeout_ms <= 10000}`` -> ``{ok: true, waited_ms, message?|call?|view?}`` or 408
                      ``timeout``. ``until`` is one of ``{"quiet": ms}`` (nothing in flight and nothing
                      happened for so long), ``{"message": {channel?, thread_ts?, contains?, as?, since?:
                      ts}}`` (``as`` adds what only they see), ``{"call": {method, since?: SEQ, ok?}}``,
                      ``{"view": {as, callback_id?, contains?}}``, ``{"no_view": {as}}``,
                      ``{"connections": n}``.
POST ``clock``        ``{mode?, advance_s?, to?}`` -> ``{ok, clock: {mode, now}}``. A virtual clock moves only
                      here and does what falls due, in order, before the answer.
POST ``config``       any of ``{ack_timeout_ms, rate_limits: bool, burst (posts to one channel at once),
                      scopes: [names] (replaces what the manifest grants), trigger_seconds,
                      stream_seconds, delayed_events: bool (after the last retry once an hour for a
                      day)}`` -> ``{ok, config}``
POST ``redeliver``    ``{event_id | envelope_id}``: sends it once more -> ``Acted``
POST ``chaos``        ``{switch, count? (default 1), probability?, args?}`` -> ``{ok, switches}``; DELETE
                      clears them all. ``count: null`` = until cleared. Switches:
                      ``slow`` {method, ms}, ``error_next`` {method, error}, ``ratelimit_next`` {method?,
                      retry_after?}, ``api_500``, ``api_503``, ``api_non_json``, ``api_empty``, ``api_timeout``
                      {ms?}, ``api_reset_before``, ``api_reset_after`` (each {method?}; the last is done but
                      not answered), ``revoke_token``; ``drop_event``, ``delay_event`` {seconds, of the
                      clock}, ``reorder_events`` (each {type?, of the event}); ``duplicate_envelope``,
                      ``second_connection`` (each {type?, of the envelope}); ``refuse_handshake``,
                      ``delayed_hello`` {ms}, ``no_pong``. At once, or with a count or a probability before
                      a delivery ({type?, of the envelope}): ``tcp_drop``, ``disconnect_warning``,
                      ``refresh_requested``, ``too_many_websockets``. For ``ratelimit_next``, ``api_500`` and
                      ``api_503`` the method may be ``response_url`` or ``webhook``, which must be named.

GET ``stream`` (Server-Sent Events)
===================================
``?as=`` leaves out what that person cannot see. Every event has an ``id`` (a rising number), a name
and JSON data. After a break the browser's ``Last-Event-ID`` gives what was missed; when that is no
longer kept, or the server is another one, ``hello`` comes with ``fresh: true``: load everything again.

=================  =============================================================================
``hello``          ``{fresh: bool, clock, connections, team}``, always first
``message``        ``{message: Message}``: new in a channel or thread
``changed``        ``{message: Message}``: text, blocks, reactions or reply count are different
``deleted``        ``{channel, ts, thread_ts?}``
``ephemeral``      ``{user, message: Message}``: new or edited, for this person only
``ephemeral_gone`` ``{user, channel, ts}``
``views``          ``{user, stack: [View]}``: the person's modal stack after a change
``home``           ``{user, view: View}``
``channel``        ``{channel: Channel}``: made or changed
``status``         ``{channel, thread_ts, status, loading_messages}``; an empty status clears it
``notification``   one of GET ``notifications``
``mark``           ``{user, channel?, ts?, view_id?, action_id, problem}``: a click the app did not ack;
                   show a warning mark beside the element
``call``           ``{call: Call}``
``envelope``       ``{envelope: Envelope}``: sent, and again when its state changes
``people``         ``{}``: people or groups are different: load them again
``session``        ``{session: Session}``
``connections``    ``{connections: n}``
``clock``          ``{mode, now}``
``reset``          ``{}``: load everything again
=================  =============================================================================

The page itself is ``GET /`` (``?as=U0GRACE`` chooses the persona, ``?channel=C…`` the channel).
"""

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from devslack import control_acting as act
from devslack import control_people as people
from devslack import control_reading as read
from devslack import control_steering as steer
from devslack.asked import Asked
from devslack.emulator import Emulator
from devslack.errors import ApiError, ControlError, StartError
from devslack.manifest import parse as parse_manifest
from devslack.shapes import Json, Unreadable, dump, parse
from devslack.waiting import wait
from devslack.web_api.arguments import body_of

Handler: TypeAlias = Callable[[Asked], Awaitable[Json]]

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "health", read.health),
    ("GET", "users", read.users),
    ("GET", "channels", read.channels),
    ("GET", "messages", read.messages),
    ("GET", "views", read.views),
    ("GET", "notifications", read.notifications),
    ("GET", "calls", read.calls),
    ("GET", "envelopes", read.envelopes),
    ("GET", "state", read.state),
    ("GET", "manifest", read.manifest),
    ("GET", "chaos", read.chaos),
    ("GET", "limits", read.limits),
    ("POST", "messages", act.post),
    ("PATCH", "messages", act.edit),
    ("DELETE", "messages", act.delete),
    ("POST", "slash", act.slash),
    ("POST", "click", act.click),
    ("POST", "options", act.options),
    ("POST", "views/{id}/submit", act.submit),
    ("POST", "views/{id}/close", act.close),
    ("POST", "home", act.home),
    ("POST", "shortcut", act.shortcut),
    ("POST", "reactions", act.react),
    ("POST", "channels", act.make_channel),
    ("PATCH", "channels/{id}", act.change_channel),
    ("POST", "members", act.move),
    ("POST", "users", people.make_user),
    ("PATCH", "users/{id}", people.change_user),
    ("POST", "groups", people.make_group),
    ("PATCH", "groups/{id}", people.change_group),
    ("POST", "webhooks", people.make_webhook),
    ("POST", "reset", steer.reset),
    ("POST", "wait", wait),
    ("POST", "clock", steer.clock),
    ("POST", "config", steer.config),
    ("POST", "redeliver", steer.redeliver),
    ("POST", "chaos", steer.arm),
    ("DELETE", "chaos", steer.disarm),
)


def routes(emulator: Emulator) -> list[Route]:
    """Return the routes of the control API."""
    made = [
        Route(f"/devslack/{path}", _endpoint(emulator, do), methods=[method])
        for method, path, do in ROUTES
    ]
    replace = Route("/devslack/manifest", _answering(_replace_manifest(emulator)), methods=["PUT"])
    return [*made, replace, Route("/devslack/stream", _stream(emulator), methods=["GET"])]


async def ask(emulator: Emulator, method: str, path: str, fields: Json) -> Json:
    """Do one call without HTTP; *path* is what stands after ``/devslack/``.

    Raises:
        ControlError: as the API refuses, also 404 for a call there is not.
    """
    for verb, template, do in ROUTES:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        match = re.fullmatch(pattern, path)
        if match and verb == method:
            return await do(Asked(emulator, fields, match.groupdict()))
    raise ControlError(404, "not_found", f"There is no {method} /devslack/{path}.")


Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def _answering(do: Callable[[Request], Awaitable[Json]]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            body, status = await do(request), 200
        except ControlError as error:
            body, status = error.body(), error.status
        except ApiError as error:
            body, status = (
                {**error.body(), "detail": "; ".join([error.error, *error.messages])},
                422,
            )
        except StartError as error:
            body, status = {"ok": False, "error": "invalid", "detail": str(error)}, 422
        headers = {"cache-control": "no-store"}
        return Response(dump(body), status, headers, media_type="application/json")

    return endpoint


def _endpoint(emulator: Emulator, do: Handler) -> Endpoint:
    async def run(request: Request) -> Json:
        query: Json = dict(request.query_params)
        fields = query if request.method == "GET" else {**query, **_object(await body_of(request))}
        return await do(Asked(emulator, fields, request.path_params))

    return _answering(run)


def _object(body: bytes) -> Json:
    if not body.strip():
        return {}
    try:
        value = parse(body)
    except Unreadable as error:
        raise ControlError(400, "invalid_json", f"The body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ControlError(400, "invalid_json", "The body must be a JSON object.")
    return value


def _replace_manifest(emulator: Emulator) -> Callable[[Request], Awaitable[Json]]:
    async def run(request: Request) -> Json:
        text = (await body_of(request)).decode("utf-8", "replace")
        emulator.install(steer.usable(parse_manifest(text)))
        return {"ok": True, "problems": []}

    return run


def _stream(emulator: Emulator) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        user = request.query_params.get("as", "")
        last = request.headers.get("last-event-id", "")

        def hello() -> Json:
            workspace = emulator.workspace
            return {
                "clock": {"mode": emulator.clock.mode, "now": emulator.clock.now()},
                "connections": len(emulator.sockets.connections),
                "team": {
                    "id": workspace.team_id,
                    "name": workspace.team_name,
                    "domain": workspace.domain,
                },
            }

        lines = emulator.stream.feed(last, hello, lambda item: emulator.feed.may_see(item, user))
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(lines, headers=headers, media_type="text/event-stream")

    return endpoint
