"""The game: twenty pictures, you against the model. Path: project -> **serve**."""

from collections import OrderedDict
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from florilegium.project.desk import Desk
from florilegium.project.desk.playing import Game
from florilegium.serve.desk.people import begin, remember, who_is
from florilegium.serve.desk.render import page

MOST_GAMES = 200  # open at once; the oldest is forgotten


def playing_routes(desk: Desk) -> APIRouter:
    """Give the routes of the game; a game lives in memory, its guesses in the store where the player agreed."""
    router = APIRouter(include_in_schema=False)
    games: OrderedDict[str, Game] = OrderedDict()

    @router.get("/play")
    def show(request: Request) -> Response:
        game = games.get(begin(request))
        turns = () if game is None else desk.playing.turns(game)
        html = page(
            request,
            "play.html",
            tab="play",
            game=game,
            turns=turns,
            row=None if game is None or game.is_over else game.rows[len(turns)],
            text="" if game is None or game.is_over else desk.drawer.text(game.rows[len(turns)]),
            choices=desk.playing.classes,
            score=None if game is None else desk.playing.score(game),
            human=desk.human_baseline(),
        )
        return remember(HTMLResponse(html), request)

    @router.post("/play/start")
    def start(request: Request, consent: Annotated[str, Form()] = "") -> Response:
        games[begin(request)] = desk.play(consent=bool(consent), rng=np.random.default_rng())
        while len(games) > MOST_GAMES:
            games.popitem(last=False)
        return remember(RedirectResponse("/play", 303), request)

    @router.post("/play/guess")
    def guess(request: Request, guess: Annotated[str, Form()], turn: Annotated[int, Form()]) -> Response:
        game = games.get(begin(request))
        if game is not None and turn == len(game.guesses):  # a form sent twice guesses once
            desk.guess(game, guess, who=who_is(request))
        return remember(RedirectResponse("/play", 303), request)

    return router
