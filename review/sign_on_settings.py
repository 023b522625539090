"""What an operator sets of sign-in by the office's provider (OpenID Connect), and what can go wrong with it."""

from dataclasses import dataclass, field
from enum import StrEnum

CALLBACK_PATH = "/login/oidc/callback"
#: How far the provider's clock and ours may be apart.
LEEWAY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class SignOnSettings:
    """`issuer` is compared character by character with what the provider says of itself. `base_url` is the desk's origin as browsers
    see it, without a slash at its end. `claim` names the person, together with the issuer; `scopes` are asked for. With `only` none but
    administrators may come in by password."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    base_url: str
    claim: str = "sub"
    scopes: tuple[str, ...] = ("openid", "profile")
    only: bool = False

    @property
    def return_url(self) -> str:
        return self.base_url + CALLBACK_PATH


class Trouble(StrEnum):
    """Why nobody came in."""

    UNREACHABLE = "provider-unreachable"
    SLOW = "provider-slow"
    BUSY = "busy"
    GARBLED = "provider-garbled"
    TOO_LARGE = "provider-too-large"
    MISCONFIGURED = "misconfigured"
    CLIENT = "client-refused"
    PROVIDER = "provider-error"
    DENIED = "denied"
    STATE = "state-mismatch"
    USED = "ticket-used-or-old"
    MIX_UP = "issuer-mix-up"
    CODE = "code-refused"
    ALGORITHM = "token-algorithm"
    KEY = "token-key-unknown"
    SIGNATURE = "token-signature"
    CLAIMS = "token-claims"
    CLOCK = "token-time"
    UNNAMED = "token-unnamed"
    UNLINKED = "unlinked"


TROUBLE_ZH: dict[Trouble, str] = {
    Trouble.UNREACHABLE: "暂时连接不上统一身份认证，请稍后再试",
    Trouble.SLOW: "统一身份认证没有及时应答，请稍后再试",
    Trouble.BUSY: "正在登录的人较多，请稍后再试",
    Trouble.GARBLED: "统一身份认证的应答无法识别，请告知管理员",
    Trouble.TOO_LARGE: "统一身份认证的应答过大，已中止，请告知管理员",
    Trouble.MISCONFIGURED: "统一身份认证与审核台的设置不符，请告知管理员",
    Trouble.CLIENT: "统一身份认证不认可审核台（客户端标识或密钥），请告知管理员",
    Trouble.PROVIDER: "统一身份认证报告出错，请稍后再试",
    Trouble.DENIED: "统一身份认证没有同意此次登录（已取消，或没有权限）",
    Trouble.STATE: "此次登录不是由本浏览器发起的，或页面已过时，请重新登录",
    Trouble.USED: "此次登录已经用过，或已超过十分钟，请重新登录",
    Trouble.MIX_UP: "应答来自另一个身份提供方，已拒绝",
    Trouble.CODE: "授权码已用过或已失效，请重新登录",
    Trouble.ALGORITHM: "身份令牌的签名算法不在允许之列，已拒绝",
    Trouble.KEY: "身份令牌不是用统一身份认证公布的密钥签名的，已拒绝",
    Trouble.SIGNATURE: "身份令牌的签名不正确，已拒绝",
    Trouble.CLAIMS: "身份令牌的内容与此次登录不符，已拒绝",
    Trouble.CLOCK: "身份令牌已过期或尚未生效；两边的时钟可能不一致，请告知管理员",
    Trouble.UNNAMED: "身份令牌中没有可用来识别您的内容，请告知管理员",
    Trouble.UNLINKED: "您的统一身份尚未关联审核台账号，请把下面的标识交给管理员",
}
#: Not the person's doing: the provider could not be asked, or does not take us for whom it should.
PROVIDERS = frozenset(
    {
        Trouble.UNREACHABLE,
        Trouble.SLOW,
        Trouble.BUSY,
        Trouble.GARBLED,
        Trouble.TOO_LARGE,
        Trouble.MISCONFIGURED,
        Trouble.CLIENT,
        Trouble.PROVIDER,
    }
)


class SignOnFault(Exception):
    """`detail` is for the log: English, short, no secret in it. `shown` is what the person may hand to an administrator."""

    def __init__(self, trouble: Trouble, detail: str = "", shown: str = "") -> None:
        super().__init__(f"{trouble.value}: {detail}")
        self.trouble, self.detail, self.shown = trouble, detail, shown

    @property
    def message(self) -> str:
        return TROUBLE_ZH[self.trouble]
