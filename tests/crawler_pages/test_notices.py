"""Short pages that say with other meaning what challenges and maintenance pages say."""

import pytest

from crawler.pages.reading import read_response
from crawler.wordings import Wordings
from domain.outcome import Outcome

BODY = "院领导带队检查了门诊、住院部和药房，要求各科室确保患者安全。"


def outcome(title: str, body: str, wordings: Wordings, status: int = 200) -> Outcome:
    html = f"<html><head><title>{title}</title></head><body><p>{body}</p></body></html>"
    return read_response(
        "http://a.example/1.html", status, (("content-type", "text/html"),), html.encode(), wordings
    ).outcome


@pytest.mark.parametrize(
    "title", ["我院开展节前消防安全检查", "召开安全检查工作会议 - 某某医院", "某某市人民医院放射安全检测公告"]
)
def test_news_of_an_inspection_is_no_challenge(title: str, wordings: Wordings) -> None:
    assert outcome(title, BODY, wordings) is Outcome.CONTENT


@pytest.mark.parametrize("title", ["安全检查", "安全检查 | 某某云加速", "安全检测_某某防火墙"])
def test_a_challenge_bears_the_word_alone(title: str, wordings: Wordings) -> None:
    assert outcome(title, "正在检查，请稍候", wordings) is Outcome.CHALLENGE


@pytest.mark.parametrize("footer", ["版权所有 某某医院 网站维护：信息科", "系统维护: 信息中心"])
def test_who_maintains_a_site_does_not_close_it(footer: str, wordings: Wordings) -> None:
    assert outcome("某某医院", f"{BODY}</p><p>{footer}", wordings) is Outcome.CONTENT


@pytest.mark.parametrize(
    "around",
    [
        "版权所有 某某医院 网站维护 信息科",
        "<a href='/it.html'>网站维护</a>",
        "<div class='footer'>网站维护 信息科</div>",
        "<ul><li><a href='/1'>首页</a><li><a href='/2'>科室</a><li><a href='/3'>专家</a><li><a href='/4'>导航</a></ul>网站维护 信息科",
        "信息科负责网络建设、系统维护、数据安全。",
    ],
)
def test_who_maintains_a_site_may_stand_without_a_colon(around: str, wordings: Wordings) -> None:
    assert outcome("某某医院", f"{BODY}</p>{around}", wordings) is Outcome.CONTENT


@pytest.mark.parametrize(
    "notice",
    [
        "公告：系统维护中，请稍后再试",
        "网站维护",
        "网站维护<p><a href='/'>返回首页</a>",
        "系统升级维护 给您带来不便敬请谅解",
    ],
)
def test_maintenance_still_does(notice: str, wordings: Wordings) -> None:
    assert outcome("某某医院", notice, wordings) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "header",
    [
        "<div class='header'><p>您好，请先登录</p></div>",
        "<div class='top'>请先登录 <a href='/l'>登录</a> <a href='/r'>注册</a></div>",
        "<div>您好，请先登录 <a href='/l'>登录</a> <a href='/r'>注册</a></div>",
    ],
)
def test_a_poster_below_a_greeting_is_no_login_wall(header: str, wordings: Wordings) -> None:
    poster = "<img src='/p1.jpg' alt='秋季义诊 免费检查'><img src='/p2.jpg'></p><p>地址：云埔市示例路19号"
    assert outcome("某某医院", f"</p>{header}<p>{poster}", wordings) is Outcome.CONTENT


@pytest.mark.parametrize(
    "wall",
    [
        "您好，请先登录",
        "对不起！请先登录后再操作",
        "您还没有登录，<a href='/l'>登录</a>",
        "<img src='/captcha.jpg'>对不起，请先登录",
        "</p><div class='top'>请先登录</div><p>",
    ],
)
def test_a_login_wall_is_one(wall: str, wordings: Wordings) -> None:
    assert outcome("某某医院", wall, wordings) is Outcome.CHALLENGE


@pytest.mark.parametrize(
    "markup",
    [
        "<img src='/s.gif' srcurl='/p1.jpg'>",
        "<img data-srcurl='/p1.jpg' src='/s.gif'>",
        "<img src='/p1.jpg'><script src='/js/longbow.slidercaptcha.min.js'></script>",
    ],
)
def test_what_pictures_and_forms_bring_is_no_firewall(markup: str, wordings: Wordings) -> None:
    assert outcome("某某医院", f"秋季义诊</p>{markup}", wordings) is Outcome.CONTENT


VISITS = "<script>document.cookie='v=1';window.onorientationchange=function(){location.reload()}</script>"


@pytest.mark.parametrize(
    "frame", ["<img src='/p1.jpg'>", "<div id='app'></div><script src='/js/app.1a2b.js'></script>"]
)
def test_what_counts_visits_and_reloads_is_no_challenge_by_that(frame: str, wordings: Wordings) -> None:
    assert outcome("某某医院", f"</p>{frame}{VISITS}", wordings) is Outcome.CONTENT


def test_a_script_that_does_nothing_else_is_a_challenge(wordings: Wordings) -> None:
    assert outcome("", "</p><script>document.cookie='__k=1';location.reload()</script>", wordings) is Outcome.CHALLENGE


@pytest.mark.parametrize(
    "body",
    [
        "首次预约请先登录并绑定就诊卡。种植牙活动价 1980 元",
        "预约流程：1、关注公众号；2、请先登录再选择医生；3、到院取号",
        "请按住滑块左右移动，看矫正前后对比",
    ],
)
def test_what_a_page_asks_of_patients_is_no_wall(body: str, wordings: Wordings) -> None:
    assert outcome("某某口腔门诊部", body, wordings) is Outcome.CONTENT


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("D盾_拦截提示", "当前访问可能会对网站造成危险，已被管理员设置拦截。"),
        ("", "抱歉！您的访问可能对网站造成威胁，已被云防护拦截！"),
        ("T-Sec-Web应用防火墙", "很抱歉，您提交的请求可能对网站造成威胁，请求已被管理员设置的策略阻断"),
        ("418", "您的请求疑似攻击行为！事件ID：000"),
        ("提示", "很抱歉，您的访问请求由于过于频繁而被禁止。"),
        ("", "请求存在安全风险，已被管理员设置的拦截策略阻断"),
        ("", "客户端正在安全检测中 安全检测能力由 某某 WAF 提供"),
        ("拦截提示", "您当前的访问请求当中含有非法字符，已经被系统拒绝！"),
        ("检测中", "正在进行人机识别，请稍候…"),
        ("请稍候...", "请完成以下操作，验证您是真人。"),
        ("", "<iframe src='https://waf.tencent-cloud.com/501page.html?u=/1.html'></iframe>"),
        ("", "<script>location.href='https://waf-static.tencent.com/501page.html?id=1'</script>"),
        ("", "<script>location.replace('//a.example/_____tmd_____/punish?x5secdata=1')</script>"),
    ],
)
@pytest.mark.parametrize("status", [200, 403])
def test_what_a_firewall_says_is_a_challenge(title: str, body: str, status: int, wordings: Wordings) -> None:
    assert outcome(title, body, wordings, status) is Outcome.CHALLENGE


@pytest.mark.parametrize(
    "said",
    [
        "对不起，您所访问的页面不存在！",
        "您访问的网页不存在",
        "抱歉，您要访问的内容不存在",
        "提示信息：该文章已被删除！",
        "文章不存在",
        "该信息已删除",
        "栏目不存在！",
        "你所请求的文档id无效",
        "抱歉，指定的主题不存在或已被删除或正在被审核",
        "找不到文件或目录。您要查找的资源可能已被删除，已更改名称或者暂时不可用。",
        "Sorry, Page Not Found",
        "File not found.",
    ],
)
def test_a_page_that_says_it_is_gone_is(said: str, wordings: Wordings) -> None:
    assert outcome("提示信息", f"{said} <a href='/'>返回首页</a>", wordings) is Outcome.HTTP_GONE


@pytest.mark.parametrize("said", ["参数错误！", "出错了：非法请求"])
def test_a_page_that_refuses_its_parameters_says_nothing_of_itself(said: str, wordings: Wordings) -> None:
    assert outcome("提示信息", said, wordings) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "said", ["一次根治，复发的情况不存在。", "信息不存在误差，非法行医请举报。", "本站发布的内容不存在虚假。"]
)
def test_what_is_not_there_may_be_a_claim(said: str, wordings: Wordings) -> None:
    assert outcome("某某门诊部", said, wordings) is Outcome.CONTENT


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("", "It works!"),
        ("Welcome to OpenResty!", "If you see this page, the OpenResty web platform is successfully installed"),
        ("站点创建成功-phpstudy for windows", "<h2>Hello,World!</h2><h2>站点创建成功</h2>"),
        ("", "<h1>恭喜您，LNMP一键安装包安装成功!</h1>"),
        ("建设中", "您想要查看的站点当前没有默认页。可能正在对它进行升级和配置操作。"),
        ("Apache2 Ubuntu Default Page: It works", "This is the default welcome page. " * 90),
        ("Microsoft Internet Information Services 8", "<img src='iis-85.png'>"),
        ("", "对不起，您访问的网站已经到期，请联系网站管理员续费"),
        ("", "您的网站空间已过期，请及时续费"),
        ("", "因业务调整，本站已停止服务"),
        ("", "域名暂时无法访问 该域名当前备案状态不符合访问要求"),
        ("", "由于该网站未完成备案或未转入备案，造成您暂时无法访问。"),
        ("", "<iframe src='http://batit.aliyun.com/alww.html'></iframe>"),
        ("网站备案中", "敬请期待"),
        ("", "该域名未绑定！"),
        ("", "本域名诚意转让，QQ 000000"),
        ("", '<script>window.onload=function(){window.location.href="/lander"}</script>'),
    ],
)
def test_a_site_that_is_not_served_is_no_content(title: str, body: str, wordings: Wordings) -> None:
    assert outcome(title, body, wordings) is Outcome.UNKNOWN


def test_that_a_site_is_filed_is_no_block(wordings: Wordings) -> None:
    assert outcome("某某门诊部", "根据工信部要求本站已备案。专治顽癣，一次根治。", wordings) is Outcome.CONTENT


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("alert('该信息不存在或已删除！');history.back();", Outcome.HTTP_GONE),
        ('alert("文章不存在");window.close();', Outcome.HTTP_GONE),
        ("alert('文章不存在');location.href='/news/';", Outcome.HTTP_GONE),
        ("alert('对不起，请先登录');location='/login.asp';", Outcome.CHALLENGE),
        ("alert('您没有权限浏览本栏目');history.go(-1);", Outcome.UNKNOWN),
        ("function send(){if(!f.tel.value){alert('文章不存在');history.back();}}", Outcome.CONTENT),
        ("alert('欢迎光临');location.href='/index.html';", Outcome.CONTENT),
    ],
)
def test_a_page_that_only_raises_a_message_is_what_it_says(script: str, expected: Outcome, wordings: Wordings) -> None:
    assert outcome("", f"</p><script language='javascript'>{script}</script>", wordings) is expected


@pytest.mark.parametrize("shown", ["秋季义诊", "<img src='/p1.jpg'>"])
def test_a_page_that_shows_something_may_raise_one_too(shown: str, wordings: Wordings) -> None:
    page = f"{shown}<script>alert('文章不存在');history.back();</script>"
    assert outcome("", page, wordings) is Outcome.CONTENT


MENU = "".join(f"<li><a href='/{n}'>栏目{n}</a>" for n in range(60))
LATEST = "".join(f"<li><a href='/n{n}'>我院召开第{n}次医疗质量与安全管理委员会会议</a>" for n in range(30))


@pytest.mark.parametrize(
    "around", [f"<ul>{MENU}</ul>{{}}<ul>{LATEST}</ul>", f"<p>{MENU.replace('<li>', ' | ')}</p><ul>{LATEST}</ul>{{}}"]
)
def test_a_page_says_that_it_is_gone_among_the_menus_of_its_site(around: str, wordings: Wordings) -> None:
    said = around.format("<p>对不起，您访问的页面不存在！</p>")
    assert outcome("某某医院", f"</p>{said}", wordings) is Outcome.HTTP_GONE
    said = around.format("<p>今日门诊安排</p>")
    assert outcome("第 404 某某医院", f"</p>{said}", wordings) is Outcome.CONTENT


def test_a_list_that_links_to_such_words_is_not_gone(wordings: Wordings) -> None:
    assert outcome("某某医院", "</p><a href='/1'>页面不存在</a>", wordings) is Outcome.CONTENT


@pytest.mark.parametrize(
    ("said", "expected", "detail"),
    [
        ("该内容已被发送人删除", Outcome.REMOVED_BY_AUTHOR, ""),
        ("此账号已被注销，内容无法查看", Outcome.ACCOUNT_GONE, ""),
        ("该公众号已冻结", Outcome.ACCOUNT_GONE, ""),
        ("此帐号已申请帐号迁移", Outcome.MIGRATED, ""),
        ("接相关投诉，此帐号违反《规定》，查看详情", Outcome.REMOVED_FOR_VIOLATION, ""),
        ("根据作者隐私设置，无法查看该内容", Outcome.UNKNOWN, "作者设为不公开"),
        ("此页面换了一种说法", Outcome.UNKNOWN, "微信提示页：此页面换了一种说法"),
    ],
)
@pytest.mark.parametrize(
    "kind", ['"weui-msg"', "'weui-msg'", '"weui-msg weui-msg_warn"', "'page mesg-block'", '"weui-msg__title warn"']
)
def test_what_wechat_says_in_place_of_an_article(
    said: str, expected: Outcome, detail: str, kind: str, wordings: Wordings
) -> None:
    html = f"<html><body><div class={kind}><h2>{said}</h2></div></body></html>"
    headers = (("content-type", "text/html"),)
    reading = read_response("https://mp.weixin.qq.com/s/abc", 200, headers, html.encode(), wordings)
    assert reading.outcome is expected
    assert detail in reading.detail


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (403, "该网站暂时无法进行访问，未完成备案", "HTTP 403（网站暂停、未备案或建设中）"),
        (503, "系统维护中，请稍后再试", "HTTP 503（网站暂停、未备案或建设中）"),
        (403, "<h1>403 Forbidden</h1>", "HTTP 403"),
    ],
)
def test_a_refusal_says_why_where_the_page_does(status: int, body: str, detail: str, wordings: Wordings) -> None:
    html = f"<html><body>{body}</body></html>"
    reading = read_response("http://a.example/", status, (("content-type", "text/html"),), html.encode(), wordings)
    assert (reading.outcome, reading.detail) == (Outcome.HTTP_ERROR, detail)


@pytest.mark.parametrize(
    ("title", "body"),
    [
        (
            "系统升级公告",
            "尊敬的患者：因信息系统升级，定于1月1日0时至6时暂停挂号收费，期间医院网站暂停服务，敬请谅解。",
        ),
        ("某医院网站访问异常 现已恢复", "某医院官网一度打不开，信息科称并非黑客攻击，现已恢复。"),
        ("我院完成网站防火墙升级", BODY),
    ],
)
def test_news_of_a_web_site_stands_on_one_that_works(title: str, body: str, wordings: Wordings) -> None:
    assert outcome(title, body, wordings) is Outcome.CONTENT


@pytest.mark.parametrize("body", ["因系统升级，网站暂停服务", "对不起，本网站暂时关闭", "该网站已暂停访问！"])
def test_a_site_that_is_closed_for_now_says_so_in_a_clause(body: str, wordings: Wordings) -> None:
    assert outcome("某某医院", body, wordings) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "said",
    [
        "登录后才能查看检验结果",
        "检验结果请登录后查看本人记录",
        "查询影像报告需要登录后才能使用",
        "复诊患者登录后才能查看候诊顺序",
    ],
)
def test_what_a_patient_logs_in_for_is_no_login_wall(said: str, wordings: Wordings) -> None:
    assert outcome("检验结果查询", said, wordings) is Outcome.CONTENT


@pytest.mark.parametrize(
    "said", ["登录后才能查看全文", "您好，您需要登录后才能查看", "本内容请登录后查看", "抱歉，登录后才能查看"]
)
def test_a_login_wall_says_no_more(said: str, wordings: Wordings) -> None:
    assert outcome("健康资讯", said.replace("本内容", "抱歉，"), wordings) is Outcome.CHALLENGE


@pytest.mark.parametrize("title", ["核工业 404 医院", "中核 404 医院 - 就诊指南", "404 医院健康管理中心"])
def test_a_hospital_with_a_number_is_not_gone(title: str, wordings: Wordings) -> None:
    assert outcome(title, "体检中心周一至周五上午开放。", wordings) is Outcome.CONTENT


@pytest.mark.parametrize(
    "title", ["404 Not Found", "404", "404 - 某某医院", "某某医院 | 404", "404 页面不存在", "404_某某医院", "错误 404"]
)
def test_a_title_of_a_page_that_is_gone(title: str, wordings: Wordings) -> None:
    assert outcome(title, "返回首页", wordings) is Outcome.HTTP_GONE


SAFEDOG_JUMP = """<html><head><meta http-equiv="pragma" content="no-cache" />{title}<script>function JumpSelf(){{
self.location="/news/1.html?WebShieldSessionVerify=aB3dEf";}}</script><script>setTimeout("JumpSelf()",700);</script></head>
<body></body></html>"""
YUNSUO_CAPTCHA = """<html><head><title>网站访问</title><script>function YunsuoAutoJump(){
location.href = "/news/1.html?" + part() + "=" + stringToHex(box.value); }</script></head><body>
<input id="box" onkeydown="if (event.keyCode == 13) {YunsuoAutoJump();}"><img alt="verify_img" src="data:image/bmp;base64,AA"></body></html>"""


@pytest.mark.parametrize(
    ("html", "detail"),
    [
        (SAFEDOG_JUMP.format(title=""), "安全狗验证"),
        (SAFEDOG_JUMP.format(title="<title>服务器安全狗防护验证页面</title>"), "安全狗验证"),
        ("<title>安全狗防护验证</title><body><div id='v'></div><script src='/v.js'></script></body>", "安全狗验证"),
        ("<body><img src='http://404.safedog.cn/images/safedogsite/head.png'>示例</body>", "安全狗验证"),
        (
            '<html><title>检测中</title><div>跳转中</div></html><script> window.location.href ="/news/1.html?btwaf=12345"; </script>',
            "宝塔防火墙验证",
        ),
        (
            "<script>var pre = prompt(\"请输入右边的计算结果: 1 + 2 = ?\");window.location.href='/1.html?a=1&btwaf='+pre</script>",
            "宝塔防火墙验证",
        ),
        ("<body>加载中<script src='/huadong_296d626f_0a1b.js?id=1'></script></body>", "宝塔防火墙验证"),
        ("<body><script src='/renji_296d626f_0a1b.js?id=1'></script></body>", "宝塔防火墙验证"),
        (YUNSUO_CAPTCHA, "云锁验证"),
        (
            '<script>function YunSuoAutoJump(){ self.location = "/1.html?x=" + hex(screen.width); }</script><script>setTimeout("YunSuoAutoJump()", 50);</script>',
            "云锁验证",
        ),
        ("<script>location = '/1.html?security_verify_data=313932302c31303830'</script>", "云锁验证"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("status", [200, 403])
def test_a_firewall_that_sends_on_by_script_is_named(
    html: str, detail: str, encoding: str, status: int, wordings: Wordings
) -> None:
    headers = (("content-type", f"text/html; charset={encoding}"),)
    read = read_response("http://a.example/news/1.html", status, headers, html.encode(encoding), wordings)
    assert (read.outcome, read.detail.partition("（")[0]) == (Outcome.CHALLENGE, detail)


@pytest.mark.parametrize(
    "body",
    [
        "<a href='/1.html?btwaf=12345'>门诊安排</a><script>if (top != self) location.reload()</script><img src='/p1.jpg'>",
        "<a href='/1.html?WebShieldDRSessionVerify=aB3'>门诊安排</a><img src='/p1.jpg'>",
        "<a href='/1.html?WebShieldDRSessionVerify=aB3'>门诊安排</a>本周门诊照常，急诊二十四小时开放。",
    ],
)
def test_an_address_copied_behind_a_firewall_makes_no_challenge(body: str, wordings: Wordings) -> None:
    assert outcome("某某医院", body, wordings) is Outcome.CONTENT
