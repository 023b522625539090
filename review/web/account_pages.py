"""Accounts, for the administrator; conflicts of interest, for everybody who decides or refers."""

from http import HTTPStatus

from starlette.responses import Response

from domain.roles import Act, Role
from review.accounts import AccountFault
from review.web.guard import Page
from review.web.problems import bad_request
from review.web.visit import Visit


def accounts(visit: Visit) -> Response:
    return _listed(visit, visit.told())


def _listed(visit: Visit, made: tuple[str, str] | None = None, message: str = "", status: int = 200) -> Response:
    """`made` is an account's name with its one-time password, shown this once."""
    everybody = visit.desk.accounts.list()
    linked = visit.desk.sign_on.identities.by_account() if visit.desk.sign_on is not None else None
    return visit.page(
        "accounts.html", status, everybody=everybody, roles=list(Role), made=made, message=message, linked=linked
    )


def create(visit: Visit) -> Response:
    try:
        account, password = visit.desk.accounts.create(
            visit.text("name", 100), _role(visit), visit.account.name, display=visit.text("display", 60)
        )
    except AccountFault as fault:
        return _listed(visit, None, str(fault), HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.go_and_tell("/accounts", (account.name, password))


def reset(visit: Visit) -> Response:
    name = visit.text("name", 100)
    if name == visit.account.name:
        raise bad_request("自己的口令请用“修改口令”")
    return visit.go_and_tell("/accounts", (name, visit.desk.accounts.reset_password(name, visit.account.name)))


def change(visit: Visit) -> Response:
    """Disable, enable, or another role."""
    name, act, actor = visit.text("name", 100), visit.text("act", 20), visit.account.name
    try:
        match act:
            case "disable":
                visit.desk.accounts.disable(name, actor)
            case "enable":
                visit.desk.accounts.enable(name, actor)
            case "role":
                visit.desk.accounts.set_role(name, _role(visit), actor)
            case _:
                raise bad_request("没有这一操作")
    except AccountFault as fault:
        return _listed(visit, None, str(fault), HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.go("/accounts")


def identity(visit: Visit) -> Response:
    """Whom the sign-in provider means by this account: link, allow a first sign-in to link, or dissolve."""
    if visit.desk.sign_on is None:
        raise bad_request("没有设置统一身份登录")
    identities = visit.desk.sign_on.identities
    name, act, actor = visit.text("name", 100), visit.text("act", 20), visit.account.name
    try:
        match act:
            case "link":
                identities.link(name, visit.text("subject", 255), actor)
            case "allow":
                identities.allow(name, actor)
            case "unlink":
                identities.unlink(name, actor)
            case _:
                raise bad_request("没有这一操作")
    except AccountFault as fault:
        return _listed(visit, None, str(fault), HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.go("/accounts")


def _role(visit: Visit) -> Role:
    try:
        return Role(visit.text("role", 20))
    except ValueError:
        raise bad_request("没有这一角色") from None


def conflicts(visit: Visit) -> Response:
    return _conflicts(visit, affected=visit.told())


def _conflicts(visit: Visit, affected: int | None = None, message: str = "", status: int = 200) -> Response:
    """`affected` is how many items a declaration has taken from the person's sight."""
    declared = visit.desk.conflicts.declared(visit.account)
    return visit.page("conflicts.html", status, declared=declared, message=message, affected=affected)


def declare(visit: Visit) -> Response:
    try:
        affected = visit.desk.conflicts.declare(visit.account, visit.text("name", 200))
    except AccountFault as fault:
        return _conflicts(visit, message=str(fault), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.go_and_tell("/conflicts", affected)


def withdraw(visit: Visit) -> Response:
    visit.desk.conflicts.withdraw(visit.account, visit.text("name", 200))
    return visit.go("/conflicts")


PAGES = (
    Page("GET", "/accounts", accounts, Act.MANAGE_ACCOUNTS),
    Page("POST", "/accounts", create, Act.MANAGE_ACCOUNTS, cost=5.0),
    Page("POST", "/accounts/reset", reset, Act.MANAGE_ACCOUNTS, cost=5.0),
    Page("POST", "/accounts/change", change, Act.MANAGE_ACCOUNTS),
    Page("POST", "/accounts/identity", identity, Act.MANAGE_ACCOUNTS),
    Page("GET", "/conflicts", conflicts, Act.DECLARE_CONFLICT),
    Page("POST", "/conflicts", declare, Act.DECLARE_CONFLICT),
    Page("POST", "/conflicts/withdraw", withdraw, Act.DECLARE_CONFLICT),
)
