"""What is known of an operator, as lines of Chinese text for a terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.beijing import BEIJING
from domain.findings import FAMILY_ZH
from domain.identity import NODE_ZH, PLACE_ZH, IdentityEdge, Node, NodeKind
from domain.institutions import RegisteredInstitution
from domain.operator_profile import CertificateSeen, OperatorProfile, names_of
from domain.operators import JudgedEdge, OperatorCluster
from domain.risk import LEVEL_ZH, ConfirmedCase, RiskRating
from yiguang.terminal import printable

_SITES_SHOWN = 40
_OTHERS_SHOWN = 30
_FINDINGS_SHOWN = 40


def profile_lines(profile: OperatorProfile, subjects: Mapping[str, str], owners: Mapping[str, str]) -> Iterator[str]:
    """`subjects` are the names of licensed subjects by code, `owners` the lawful owners of sites that are official ones of
    well-known hospitals. Sections without content are left out."""
    yield printable(profile.asked)
    if names := names_of(profile.clusters):
        yield f"  页面自称：{'、'.join(map(printable, names[:_OTHERS_SHOWN]))}"
    yield from (f"  官方域名：{site} 属于{owner}（权利人名单）" for site, owner in owners.items())
    if profile.clusters:
        yield from _rating(profile.rating)
    for institution in profile.registered:
        yield from registered_lines(institution, subjects)
    for cluster in profile.clusters:
        yield from cluster_lines(cluster)
    yield from _mentions(profile.mentions)
    yield from _findings(profile)
    yield from _certificates(profile.certificates)
    yield from _practitioners(profile)
    if not profile.complete:
        yield "（关联过多，未全部列出）"


def registered_lines(institution: RegisteredInstitution, subjects: Mapping[str, str]) -> Iterator[str]:
    """One row of the registry, every fact that the source states."""
    yield f"{institution.name}（来源：{institution.source}，{institution.as_of}）"
    ownership = {True: "公立", False: "民营", None: "未载明"}[institution.public]
    for label, value in (
        ("其他名称", "、".join(institution.aliases)),
        ("信用代码", institution.credit_code),
        ("登记号", institution.licence),
        ("类别", " ".join(filter(None, (institution.institution_class, institution.grade)))),
        ("性质", f"{ownership} {institution.ownership}".strip()),
        ("地区", " ".join(filter(None, (institution.region, institution.region_code)))),
        ("地址", institution.address),
        ("诊疗科目", "、".join(subjects[code] for code in institution.subjects)),
        ("域名", "、".join(institution.domains)),
        ("公众号", "、".join(institution.accounts)),
        ("医联体等", "、".join(institution.affiliated_with)),
    ):
        if value:
            yield f"  {label}：{value}"
    for record in institution.certificates:
        media = f"，{'、'.join(record.media)}" if record.media else ""
        until = f"，至 {record.valid_until}" if record.valid_until else ""
        yield f"  审查证明：{record.number}{media}{until}"


def cluster_lines(cluster: OperatorCluster) -> Iterator[str]:
    """The members, then each thing that joins several of them with its proofs, then what joins nobody."""
    sites = [subject for subject in cluster.subjects if subject.kind is not NodeKind.REGISTERED]
    yield f"经营者 {cluster.id}：{len(sites)} 个网站与账号（据同一号码、备案、代码或账号归并，属线索，不是认定）"
    for subject in sites[:_SITES_SHOWN]:
        yield f"  {_node(subject)}"
    if len(sites) > _SITES_SHOWN:
        yield f"  ……另有 {len(sites) - _SITES_SHOWN} 个"
    for node in cluster.shared:
        proofs = [item for item in cluster.edges if item.binds and item.edge.link.node == node]
        if _joins_several(node, proofs, cluster):
            yield f"  {NODE_ZH[node.kind]} {printable(proofs[0].edge.link.label)}：{_count(proofs)}"
            yield from (f"    {_proof(item.edge)}" for item in proofs[:_SITES_SHOWN])
    others = [item for item in cluster.edges if not item.binds and item.edge.link.node.kind is not NodeKind.DOMAIN]
    others = [item for item in others if item.edge.link.subject != item.edge.link.node]
    if others:
        yield "  另见（不据以归并）："
        yield from (f"    {line}" for line in _with_objections(others))


def _joins_several(node: Node, proofs: Sequence[JudgedEdge], cluster: OperatorCluster) -> bool:
    """Whether it joins members; a site's own host in the registry is told with its domain already."""
    if node.kind is NodeKind.SITE and Node(NodeKind.DOMAIN, node.key) in cluster.shared:
        return False
    return len({item.edge.link.subject for item in proofs} | ({node} & set(cluster.subjects))) > 1


def _rating(rating: RiskRating) -> Iterator[str]:
    yield f"  风险：{LEVEL_ZH[rating.level]}（{rating.points} 分，只用于安排先后）"
    yield from (f"    {part.title} {part.count}，计 {part.points} 分" for part in rating.parts if part.count)
    if rating.repeated:
        yield f"  重复：可列为严重失信等名单的候选，由人决定（{rating.candidate_basis}）"


def _mentions(mentions: Sequence[JudgedEdge]) -> Iterator[str]:
    if mentions:
        yield "他处提及（不据以归并）："
        yield from (f"  {line}" for line in _with_objections(mentions))


def _findings(profile: OperatorProfile) -> Iterator[str]:
    if profile.findings:
        yield "历次线索（机器所见，待核）："
    for item in profile.findings[:_FINDINGS_SHOWN]:
        lead = "" if item.flagged else "，页面未达线索阈值"
        yield (
            f"  {item.night_id} {FAMILY_ZH[item.family]}：{item.pages} 页，如“{printable(item.quote)}”"
            f"（页 {item.page_id}{lead}）"
        )
    if len(profile.findings) > _FINDINGS_SHOWN:
        yield f"  ……另有 {len(profile.findings) - _FINDINGS_SHOWN} 条"
    yield from _cases("经两人确认：", profile.confirmed)
    yield from _cases("同名机构另有经确认的案件（是否同一家，待核；不计分）：", profile.same_name)


def _cases(head: str, cases: Sequence[ConfirmedCase]) -> Iterator[str]:
    if cases:
        yield head
    for case in cases:
        families = "、".join(FAMILY_ZH[family] for family in case.families)
        yield f"  {case.decided_at.astimezone(BEIJING):%Y-%m-%d} {families} {printable(case.url)}（页 {case.page_id}）"


def _certificates(seen: Iterable[CertificateSeen]) -> Iterator[str]:
    for certificate in seen:
        said = "；".join((*certificate.judged.reasons, *certificate.judged.hints))
        yield f"页面所示审查证明 {printable(certificate.number)}：{said}"
        yield from (f"  {printable(url)}" for url in certificate.urls[:_OTHERS_SHOWN])


def _practitioners(profile: OperatorProfile) -> Iterator[str]:
    if not profile.practitioners:
        return
    lists = "；".join(f"{printable(source)}，{day}，载 {count} 人" for source, day, count in profile.practitioner_lists)
    yield f"页面所列医师（对照{lists}）：" if lists else "页面所列医师（没有收录本机构的医师名单，无从核对）："
    for seen in profile.practitioners[:_OTHERS_SHOWN]:
        said = {True: "名单有同名者", False: "未见于名单，待核", None: "待核"}[seen.registered]
        yield f"  {printable(seen.name)}（{printable(seen.title)}）：{said} {printable(seen.urls[0])}"
    if len(profile.practitioners) > _OTHERS_SHOWN:
        yield f"  ……另有 {len(profile.practitioners) - _OTHERS_SHOWN} 人"


def _node(node: Node) -> str:
    return f"{NODE_ZH[node.kind]} {printable(node.key.partition(':')[2] or node.key)}"


def _count(proofs: Sequence[JudgedEdge]) -> str:
    sites = {item.edge.link.subject for item in proofs if item.edge.link.subject.kind is not NodeKind.REGISTERED}
    if len(sites) > 1:
        return f"{len(sites)} 个网站与账号"
    return "与名录所载相同" if any(item.edge.source for item in proofs) else "见于"


def _proof(edge: IdentityEdge) -> str:
    if edge.source:
        return f"名录“{edge.link.quote}”（来源：{edge.source}，{edge.first_seen:%Y-%m-%d}）"
    seen = f"{edge.first_seen.astimezone(BEIJING):%Y-%m-%d} 至 {edge.last_seen.astimezone(BEIJING):%Y-%m-%d}"
    return (
        f"{PLACE_ZH[edge.link.place]}“{printable(edge.link.quote)}”，{printable(edge.url)}（页 {edge.page_id}，{seen}）"
    )


def _with_objections(items: Iterable[JudgedEdge]) -> Iterator[str]:
    """One line for each thing and reason, with the first place that shows it and the number of others."""
    groups: dict[tuple[Node, str], list[JudgedEdge]] = {}
    for item in items:
        groups.setdefault((item.edge.link.node, item.objection), []).append(item)
    for (node, objection), group in list(groups.items())[:_OTHERS_SHOWN]:
        why = f"［{objection}］" if objection else ""
        more = f"，另 {len(group) - 1} 处" if len(group) > 1 else ""
        yield f"{NODE_ZH[node.kind]} {printable(group[0].edge.link.label)}{why} {_proof(group[0].edge)}{more}"
    if len(groups) > _OTHERS_SHOWN:
        yield f"……另有 {len(groups) - _OTHERS_SHOWN} 项"
