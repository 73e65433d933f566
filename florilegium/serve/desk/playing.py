"""The game: twenty items, you against the model. Path: project -> **serve**."""

import threading
from collections import OrderedDict
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from florilegium.errors import StepMissing
from florilegium.project.desk import Desk
from florilegium.project.desk.playing import Game
from florilegium.serve.desk.people import begin, remember, who_is
from florilegium.serve.desk.render import base_of, page, text_of

MOST_GAMES = 200  # open at once; the oldest is forgotten


def playing_routes(desk: Desk) -> APIRouter:
    """Give the routes of the game; a game lives in memory, its guesses in the store where the player agreed."""
    router = APIRouter(include_in_schema=False)
    games: OrderedDict[str, Game] = OrderedDict()
    turning = threading.Lock()  # two clicks at once are one guess

    @router.get("/play")
    def show(request: Request) -> Response:
        with turning:
            html = page(request, "play.html", tab="play", **_state(desk, games.get(begin(request))))
        return remember(HTMLResponse(html), request)

    @router.post("/play/start")
    def start(request: Request, consent: Annotated[str, Form()] = "") -> Response:
        with turning:
            try:
                games[begin(request)] = desk.play(consent=bool(consent), rng=np.random.default_rng())
            except StepMissing:
                return remember(
                    RedirectResponse(f"{base_of(request)}/play", 303), request
                )  # that page says what is missing
            while len(games) > MOST_GAMES:
                games.popitem(last=False)
        return remember(RedirectResponse(f"{base_of(request)}/play", 303), request)

    @router.post("/play/guess")
    def guess(request: Request, guess: Annotated[str, Form()], turn: Annotated[int, Form()]) -> Response:
        with turning:
            game = games.get(begin(request))
            if game is not None and turn == len(game.guesses):  # a form sent twice guesses once
                desk.guess(game, guess, who=who_is(request))
        return remember(RedirectResponse(f"{base_of(request)}/play", 303), request)

    @router.post("/play/stop")
    def stop(request: Request) -> Response:
        with turning:
            games.pop(begin(request), None)
        return remember(RedirectResponse(f"{base_of(request)}/play", 303), request)

    return router


def _state(desk: Desk, game: Game | None) -> dict[str, Any]:
    """Give what the page shows of a game; without a model there is none, and no choices."""
    try:
        playing = desk.playing
    except StepMissing:
        playing = None
    if playing is None or not playing.answers:
        return {"game": None, "choices": (), "turns": (), "score": None, "human": None}
    turns = () if game is None else playing.turns(game)
    row = None if game is None or game.is_over else game.rows[len(turns)]
    return {
        "game": game,
        "choices": playing.classes,
        "turns": turns,
        "past": [(turn, None if text_of(desk, turn.row) is None else desk.drawer.text(turn.row)) for turn in turns],
        "row": row,
        "text": None if row is None else text_of(desk, row),
        "score": None if game is None else playing.score(game),
        "human": desk.human_baseline(),
    }
