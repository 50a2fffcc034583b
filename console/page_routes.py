"""What people see: sign-in, datasets, their runs, what is in quarantine, texts to be read before a decision."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi import Path as PathField
from fastapi.responses import RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from console.accounts import Person
from console.contexts import contract_of
from console.errors import ForgedFormError, SessionError, SignInError, TooManyAttemptsError
from console.machine_routes import Given
from console.rejects import rejects_page
from console.services import Services
from console.sessions import COOKIE, LIFETIME_SECONDS, Session
from policies.contract import Contract
from storage import StorageError

log = logging.getLogger(__name__)
router = APIRouter()
templates = Jinja2Templates(Path(__file__).resolve().parent / "templates")
HOME = "/jeux-de-donnees"
REJECTS = "/rejets"
SIGN_IN = "/connexion"
MAXIMUM_FIELD = 1024


class SignInNeededError(Exception):
    """Nobody is signed in: the browser is sent to the sign-in page."""


def current_session(request: Request, given: Given) -> Session:
    """The session of someone signed in."""
    try:
        session = given.sessions.read(request.cookies.get(COOKIE))
    except SessionError:
        raise SignInNeededError from None
    if session.person is None:
        raise SignInNeededError
    return session


SignedIn = Annotated[Session, Depends(current_session)]
Text = Annotated[str, Form(max_length=MAXIMUM_FIELD)]


@router.get("/")
def root() -> RedirectResponse:
    """The first page."""
    return RedirectResponse(HOME, 303)


@router.get(SIGN_IN)
def sign_in_form(
    request: Request, given: Given, suite: Annotated[str, Query(max_length=MAXIMUM_FIELD)] = ""
) -> Response:
    """The sign-in page."""
    try:
        if given.sessions.read(request.cookies.get(COOKIE)).person is not None:
            return RedirectResponse(HOME, 303)
    except SessionError:
        pass
    return _sign_in_page(request, given, next_address=suite)


@router.post(SIGN_IN)
def sign_in(
    request: Request,
    given: Given,
    identifiant: Text = "",
    mot_de_passe: Text = "",
    jeton: Text = "",
    suite: Text = "",
) -> Response:
    """Check who it is; the answer does not tell whether login or password is wrong."""
    address = request.client.host if request.client else ""
    try:
        given.sessions.check_form(given.sessions.read(request.cookies.get(COOKIE)), jeton)
        given.throttle.check(identifiant, address, given.monotonic())
        person = given.accounts.sign_in(identifiant, mot_de_passe)
    except (SessionError, ForgedFormError):
        return _sign_in_page(request, given, 403, "La page avait expiré. Essayez à nouveau.", suite)
    except TooManyAttemptsError as error:
        log.warning("sign-in slowed down")
        minutes = -(-error.retry_seconds // 60)
        message = f"Trop d'essais. Attendez {minutes} min avant de réessayer."
        answer = _sign_in_page(request, given, 429, message, suite)
        answer.headers["Retry-After"] = str(error.retry_seconds)
        return answer
    except SignInError:
        given.throttle.failed(identifiant, address, given.monotonic())
        log.warning("sign-in failed")
        return _sign_in_page(request, given, 401, "Identifiant ou mot de passe incorrect.", suite)
    given.throttle.succeeded(identifiant)
    log.info("signed in", extra={"fields": {"role": person.role.value}})
    answer = RedirectResponse(suite if _is_local(suite) else HOME, 303)
    _give_session(answer, given, given.sessions.start(person))
    return answer


@router.post("/deconnexion")
def sign_out(given: Given, session: SignedIn, jeton: Text = "") -> Response:
    """End the session."""
    try:
        given.sessions.check_form(session, jeton)
    except ForgedFormError:
        raise HTTPException(403, "La page avait expiré. Rechargez-la puis essayez à nouveau.") from None
    given.sessions.end(session, given.monotonic())
    answer = RedirectResponse(SIGN_IN, 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=given.secure_cookie)
    return answer


@router.get(HOME)
def datasets(request: Request, given: Given, session: SignedIn) -> Response:
    """The list of datasets."""
    return _page(request, given, "datasets.html", session, page=given.reader.datasets(given.wall()))


@router.get(HOME + "/fragment")
def datasets_fragment(request: Request, given: Given, session: SignedIn) -> Response:
    """The list alone, for the page to refresh itself."""
    return _page(request, given, "datasets_list.html", session, page=given.reader.datasets(given.wall()))


@router.get(HOME + "/{dataset}")
def dataset(request: Request, given: Given, session: SignedIn, dataset: str) -> Response:
    """The page of a dataset."""
    page = given.reader.dataset(_contract(given, dataset), given.wall())
    return _page(request, given, "dataset.html", session, page=page)


@router.get(HOME + "/{dataset}/executions/{run_id:path}")
def run(request: Request, given: Given, session: SignedIn, dataset: str, run_id: str) -> Response:
    """The page of a run."""
    contract = _contract(given, dataset)
    request.state.run_id = run_id
    found = given.reader.journal.run(run_id, dataset)
    if found is None:
        raise HTTPException(404, "Cette exécution n'existe pas, ou n'est plus dans le journal.")
    return _page(request, given, "run.html", session, page=given.reader.run(contract, found, given.wall()))


@router.get(HOME + "/{dataset}/textes/{candidate}")
def texts(
    request: Request,
    given: Given,
    session: SignedIn,
    dataset: str,
    candidate: Annotated[str, PathField(pattern="^[0-9a-f]{64}$")],
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """The texts that a release would publish, for whoever approves it."""
    contract, reader = _contract(given, dataset), given.reader
    if session.person is None or not given.proofreading.allowed(session.person, contract):
        raise HTTPException(403, "Seules les personnes qui approuvent une publication en lisent les textes.")
    verdict = next((one for one in reader.waiting(dataset) if one.candidate_digest == candidate), None)
    if verdict is None or verdict.contract_version != contract.digest:
        raise HTTPException(404, "Cette publication n'attend pas de décision, ou son contrat a changé depuis.")
    try:
        found = given.proofreading.page(contract, verdict, page, reader.answer_address(verdict))
    except StorageError:
        raise HTTPException(503, "Ces textes ne peuvent pas être lus maintenant. Ne répondez pas sans eux.") from None
    if found is None:
        raise HTTPException(404, "Il n'y a pas tant de textes.")
    return _page(request, given, "texts.html", session, page=found)


@router.get(REJECTS)
def rejects(
    request: Request,
    given: Given,
    session: SignedIn,
    jeu: Annotated[str, Query(max_length=MAXIMUM_FIELD)] = "",
    motif: Annotated[str, Query(max_length=64, pattern="^[A-Za-z]*$")] = "",
) -> Response:
    """What lies in quarantine, by reason and by delivery."""
    if jeu:
        _contract(given, jeu)
    reader = given.reader
    page = rejects_page(reader.territory, reader.journal, given.wall(), jeu, motif)
    return _page(request, given, "rejects.html", session, page=page)


@router.get("/theme.css")
def theme(given: Given) -> Response:
    """The territory's colour."""
    return Response(given.theme.css(), media_type="text/css")


def error_page(request: Request, given: Services, status: int, message: str) -> Response:
    """A page that says what went wrong and where to go from there."""
    return templates.TemplateResponse(
        request, "error.html", {"theme": given.theme, "message": message, "status": status, "person": None}, status
    )


def sign_in_redirect(request: Request) -> Response:
    """Send a browser to the sign-in page, and back afterwards; a fragment makes the whole page go there."""
    if request.headers.get("HX-Request"):
        return Response(status_code=204, headers={"HX-Redirect": SIGN_IN})
    path = request.url.path
    target = SIGN_IN if path in ("/", HOME) else str(request.url_for("sign_in_form").include_query_params(suite=path))
    return RedirectResponse(target, 303)


def _contract(given: Services, dataset: str) -> Contract:
    contract = contract_of(given.reader.territory, dataset)
    if contract is None:
        raise HTTPException(404, "Aucun contrat ne décrit ce jeu de données.")
    return contract


def _is_local(address: str) -> bool:
    """Whether an address stays on this site: no host, no scheme, no trick with slashes or control characters."""
    return address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()


def _page(request: Request, given: Services, template: str, session: Session, **context: Any) -> Response:
    person: Person | None = session.person
    shared = {"theme": given.theme, "person": person, "form_token": given.sessions.form_token(session)}
    return templates.TemplateResponse(request, template, shared | context)


def _sign_in_page(
    request: Request, given: Services, status: int = 200, message: str = "", next_address: str = ""
) -> Response:
    session = given.sessions.start()
    context = {
        "theme": given.theme,
        "person": None,
        "form_token": given.sessions.form_token(session),
        "message": message,
        "next_address": next_address if _is_local(next_address) else "",
    }
    answer = templates.TemplateResponse(request, "sign_in.html", context, status)
    _give_session(answer, given, session)
    return answer


def _give_session(answer: Response, given: Services, session: Session) -> None:
    answer.set_cookie(
        COOKIE,
        given.sessions.seal(session),
        max_age=LIFETIME_SECONDS,
        httponly=True,
        samesite="strict",
        secure=given.secure_cookie,
        path="/",
    )
