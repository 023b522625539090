"""Is it an advertisement? Each ground and exclusion on a page of its own."""

from pathlib import Path

import pytest

from classifier.analysis import Analysis
from classifier.engine import Analyser
from domain.findings import Document

ANALYSER = Analyser(Path(__file__).parents[2] / "lexicons")
PLACED = (
    "鼻炎反复怎么办？常见原因是过敏。这时可以选择净鼻呼吸膏，净鼻呼吸膏的主要成分是天然薄荷，净鼻呼吸膏能缓解鼻塞症状。"
)
PLANTED = (
    "问题分析：尿路结石多由饮水少、代谢异常引起，常见的表现是腰腹绞痛、血尿。平时应多喝水、适量运动，限制高草酸的食物，定期复查很重要。"
    "此外还可以饮用清石康泡腾片，其主要成分是柠檬提取物，研究证实有化石排石的作用。"
)
PLACED_CLINIC = "包皮过长要不要手术？以示例城云岭男子医院为例。一、清洁：云岭男子医院的医生常提醒注意卫生。二、风险：在云岭男子医院，医生会先作检查。"
LOOKED_INTO = "本报记者近日走访三家视力养护店。店员宣称不打针不吃药就能摘镜，无效退款。业内人士说，这类店没有资质，消费者投诉不断。"
MEETING = "首届示例眼科学术年会今日召开，百余位同道与会。大会主席致辞，三位教授作主题演讲，手术演示引人入胜。"
PUBLIC = (
    "示例大学附属第二医院骨科为王先生换了椎间盘，术后第二天他就下床了。示例大学附属第二医院骨科主任说，手术恢复快。"
)
VICTIM = (
    "刷到“三天淡斑”的视频，市民小孟（化名）轻信了对方，花两万元买下套餐，活动价买二送一。“无痛无创，随做随走，绝不反弹。”对方这样说。"
    "几周后她烂脸，才意识到上当，要求退款被拒，只好投诉维权。"
)
WITNESSED = (
    "那天凌晨，山洪冲垮了桥。村民把三名伤员抬到急救站，家属在走廊里沉默不语。一位同事回忆，县医院的医生抢救到天亮，"
    "“他们也没有办法，人太多了”。民警挨户敲门，居民转移到学校。"
)
EXPERT = "白内障怎么办？示例医科大学主任医师、教授介绍，常见原因是年龄。手术恢复快，也有感染、出血的风险和禁忌，术后注意饮食，如何护理请听医嘱。"
RECIPE = "骨刺：狗脊30克，水煎，日服两次，半月可治愈。又方：川芎研末，加醋调匀成糊状，外敷患处。"
BRANDED = "夜里打鼾怎么办？“宁”牌止鼾贴主要成分是天然薄荷。家人说“宁”牌管用，“宁”的配方传承三代，打呼的人都在找“宁”。"
LATIN = "血糖高的人常问velora胶囊。velora的配方来自专利，velora深受好评，吃了velora血糖稳。"
HARM = "朋友圈的祛斑膏号称七天见效，到底是真的吗？她用了半个月就烂脸红肿，医生说是激素。所谓草本配方其实是套路。"
SOBER = "蜂胶是保健食品，不是药品，不能代替降糖药。买时认准蓝帽，走正规渠道，吃多了也有损害，有病及时就医。"
WEIGHED = (
    "商家都说红曲能降血脂，究竟行不行？红曲里的成分与药相似，证据多来自小样本，尚无大型试验，同服他汀的人应先问过药师。"
)
CONTROL = "蜂胶产量少，蜂胶被称为紫色黄金。蜂胶降血糖、降血压，老人常吃蜂胶。"
RANKED = "面对选择困境，我们按评选标准和评估体系，选出几款育发产品，供消费决策参考。"
SCIENCE = "痔疮有哪些症状？常见原因是久坐和便秘，日常应注意饮食，预防很重要，避免辛辣，如何护理请看下文。"


def analyse(text: str, **fields: str) -> Analysis:
    return ANALYSER.analyse(Document(text, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("basis", "text", "fields"),
    [
        ("认定指南6(2)", "我院根治白癜风，治愈率高达98%。", {}),
        (
            "认定指南6(4)",
            "我院采用国际领先的微创技术治疗关节病，见效快、恢复快、不复发，欢迎来电咨询000-00001234。",
            {},
        ),
        ("认定指南8(5)", SCIENCE + "点击预约专家。", {}),
        ("认定指南8(1)", PLACED_CLINIC, {}),
        ("互联网广告管理办法8", SCIENCE + "详询电话000-00001234。", {}),
        ("广告法2", "种植牙限时特惠，闺蜜同行立减500元，名额有限。", {"site_name": "示例口腔门诊部"}),
        ("广告法19", PLACED, {"title": "鼻炎怎么办"}),
        ("广告法19", LATIN, {}),
        (
            "认定指南8(4)",
            "长痘有哪些原因？应注意饮食，避免熬夜，保持清洁，如何护理皮肤要看肤质。"
            "小周用了闺蜜给的面膜，三天后痘痘全消失了，医院的同事都问她怎么治好的。",
            {"title": "脸上长痘怎么办"},
        ),
        ("广告法19", PLANTED, {"title": "尿路结石怎么办"}),
        ("广告法17", "灵芝孢子粉胶囊，三个疗程治愈糖尿病，不用再吃药，现货包邮。", {"site_name": "示例旗舰店"}),
    ],
)
def test_grounds(basis: str, text: str, fields: dict[str, str]) -> None:
    ad = analyse(text, **fields).ad
    assert ad.is_ad
    assert basis in ad.basis


@pytest.mark.parametrize(
    ("basis", "text", "fields"),
    [
        ("认定指南3", "招募受试者：某药治疗痛风的临床试验，已获伦理委员会批准，入选标准为18至65岁。", {}),
        ("广告法适用指南4", "当事人宣称根治白癜风，违反广告法，被责令停止发布并罚款二十万元。", {}),
        ("广告法适用指南4", LOOKED_INTO, {}),
        ("广告法适用指南4", MEETING, {}),
        ("广告法适用指南4", HARM, {}),
        ("广告法适用指南4", SOBER, {}),
        ("广告法适用指南4", WEIGHED, {}),
        ("认定指南3", "国家重大专项研究落户本市，现招募乙肝肝硬化患者，可免费应用抗病毒药两年，详情到科室了解。", {}),
        ("广告法适用指南4", "公开招聘护士二十名，岗位要求大专以上学历，五险一金，欢迎应聘。", {}),
        ("认定指南7", SCIENCE, {"title": "痔疮怎么办"}),
        ("广告法适用指南4", WITNESSED, {}),
        ("广告法适用指南4", VICTIM, {}),
        ("广告法适用指南4", LOOKED_INTO + "店里正搞限时特惠，买一送一。", {}),
        ("广告法适用指南4", "楼主求助，大家帮忙看看，我妈做完手术三天还疼，有没有同样经历的网友？", {}),
    ],
)
def test_exclusions(basis: str, text: str, fields: dict[str, str]) -> None:
    ad = analyse(text, **fields).ad
    assert not ad.is_ad
    assert basis in ad.basis


def test_name_and_department_alone_are_no_advertisement() -> None:
    text = "本院设内科、外科、妇产科。门诊时间八点至十七点，医保定点单位，价格见公示栏。"
    assert not analyse(text, site_name="示例门诊部").ad.is_ad


def test_contact_in_a_footer_weighs_less_than_in_the_text() -> None:
    body = Document(SCIENCE + "000-00001234", contact_in_body=("000-00001234",))
    footer = Document(SCIENCE + "000-00001234", contact_in_footer=("000-00001234",))
    assert "互联网广告管理办法8" in ANALYSER.analyse(body).ad.basis
    assert "互联网广告管理办法8" not in ANALYSER.analyse(footer).ad.basis
    assert "contact-in-body" not in ANALYSER.analyse(footer).facts
    assert "contact" in ANALYSER.analyse(footer).facts


def test_residual_clause_for_a_page_the_model_flags() -> None:
    plain = analyse("做完颧骨半年，前任点赞了我的照片，想要地址的来问。")
    assert not plain.ad.is_ad
    completed = ANALYSER.with_residual_ground(plain)
    assert completed.ad.is_ad
    assert completed.ad.basis == ("认定指南6(4)",)
    assert not ANALYSER.with_residual_ground(analyse(WITNESSED)).ad.is_ad
    excluded = analyse("当事人宣称根治白癜风，违反广告法，被责令停止发布并罚款二十万元。")
    assert not ANALYSER.with_residual_ground(excluded).ad.is_ad


@pytest.mark.parametrize(
    ("fact", "text", "fields"),
    [
        ("gov-site", "通知", {"url": "https://amr.demo.gov.cn/x"}),
        ("public-hospital", "通知", {"site_name": "示例县人民医院"}),
        ("wechat-contact", "加薇信 demo_abc123 了解", {}),
        ("review-number", "（川）医广【2026】第05-20-0123号", {}),
        ("evasion", "我院根*治牛皮癣", {}),
        ("qr-code", "长按识别二维码", {}),
        ("medical-beauty-item", "热玛吉", {}),
        ("product-placement", PLACED, {}),
        ("product-placement", BRANDED, {}),
        ("product-placement", LATIN, {}),
        ("planted-product", PLANTED, {}),
        (
            "supplement-pitch",
            "有人不信，非常武断。水素水对许多病有治疗作用，喝水素水治疗疾病，家里备台水素水机，天天水素水。",
            {},
        ),
        ("fake-doubt", "喝水能养身，没什么大不了。", {}),
        ("harm-story", "都说孢子粉防癌，究竟如何？爷爷越吃越糟，查出肝损伤，孢子粉尚未见有效的证据。", {}),
        ("institution-placement", PLACED_CLINIC, {}),
        ("investigation", LOOKED_INTO, {}),
        ("harm-story", HARM, {}),
        ("sober-text", SOBER, {}),
        ("weighed-goods", WEIGHED, {}),
        ("supplement-pitch", CONTROL, {}),
        ("supplement-pitch", "骆驼奶稀有，骆驼奶有医疗价值，骆驼奶稳定血糖，糖友都喝骆驼奶。", {}),
        ("goods-ranking", RANKED, {}),
        ("fake-doubt", "这款精华不是智商税。", {}),
        ("health-product", "颈椎黑膏药现货。", {}),
        ("commerce-genre", "远红外贴可定制，起订一千片。", {}),
        ("other-domain", "这款电脑病毒已被查杀。", {}),
        ("meeting-report", MEETING, {}),
        ("public-care", PUBLIC, {}),
        ("folk-recipe", RECIPE, {}),
        ("folk-recipe", "雪梨去皮切块，加冰糖，入砂锅慢炖，熬制半小时，趁热喝。", {}),
        ("expert-science", EXPERT, {}),
        ("reportage", WITNESSED, {}),
        ("warning-text", VICTIM, {}),
        ("public-care", PUBLIC + "这项新技术填补了空白，属于国内领先的先进技术，实现了突破。", {}),
        ("folk-recipe", "雪梨一个去核切块，加冰糖少许，隔水炖，每日1次饮用；萝卜切碎，砂锅慢火煮沸，取汁服下。", {}),
        (
            "classic-text",
            "或问：久嗽何也？先生曰：肺者，气之主也。寒则闭矣，热亦逆焉，遂令津液不行，此之谓痰。是以治嗽者先治气，汝其识之。",
            {},
        ),
        ("wechat-contact", "想要的姐妹私信我。", {}),
        ("wechat-contact", "想了解的进群，每晚八点开课。", {}),
        ("appointment", "今晚下单，明天发货。", {}),
        ("price-lure", "月底前抢购，买三盒省一盒。", {}),
        ("private-institution", "老伴在云岭男子医院住了七天。", {}),
        ("forum-genre", "化骨健步酒 16:08 楼主：我的病人都知道，我不轻视民间单方。", {}),
        ("health-product", "护颈枕头怎么选：这款枕头卖得好。", {}),
        ("animal-care", "动物园的饲养员发现大熊猫双眼浑浊，请医院眼科专家来做手术。", {}),
        ("research-genre", "目的：观察疗效。方法：分为两组。结果：差异明显。结论：可以推广。", {}),
        ("research-genre", "对照组与试验组各四十例。", {}),
    ],
)
def test_facts(fact: str, text: str, fields: dict[str, str]) -> None:
    assert fact in analyse(text, **fields).facts


@pytest.mark.parametrize(
    "text",
    [
        PLACED.replace("净鼻呼吸膏", "该膏").replace("可以选择", "请问"),
        "阿司匹林肠溶胶囊怎么吃？阿司匹林肠溶胶囊不可掰开，阿司匹林肠溶胶囊应餐前服用。",
        "这款呼吸膏，另一种鼻舒膏，再一种通窍膏，主要成分和配方各不相同，品牌很多。",
    ],
    ids=["never by name", "by name and nothing a maker would say", "many, each named once"],
)
def test_no_product_is_placed(text: str) -> None:
    assert "product-placement" not in analyse(text).facts


@pytest.mark.parametrize(
    "text",
    [
        PLACED_CLINIC.replace("云岭男子医院", "云岭大学附属第三医院"),
        PLACED_CLINIC.replace("云岭男子医院", "正规的男子医院"),
        PLACED_CLINIC.replace("在云岭男子医院，", "在医院，"),
        "云岭男子医院、安禾骨科医院和澄心眼科医院都在这条街上，各有门诊。",
    ],
    ids=["public", "never by name", "named twice", "many, each named once"],
)
def test_no_institution_is_placed(text: str) -> None:
    assert "institution-placement" not in analyse(text).facts


def test_a_placed_institution_is_quoted_by_its_name() -> None:
    located = analyse(PLACED_CLINIC, title="包皮过长怎么办").located
    assert "云岭男子医院" in [item.finding.quote for item in located if item.finding.rule == "named-praise"]


def test_a_long_page_is_no_research_for_four_words_of_it() -> None:
    told = "研究、方法、结果、文献各提到一次。"
    assert "research-genre" in analyse(told).facts
    long = told + "欢迎了解本店的各项服务与环境。" * 60
    assert "research-genre" not in analyse(long).facts
    body = Document(long, body_start=len(told), body_end=len(told) + 200)
    assert (
        "research-genre" not in ANALYSER.analyse(body).facts
    )  # words of the whole page are held against the whole page


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("investigation", LOOKED_INTO + "示例视光店深耕多年，技术成熟，价格透明，口碑好，值得信赖。"),
        ("investigation", "我院专家提醒：警惕虚假宣传，不法商家没有资质。记者了解到，选我院治疗放心，欢迎来院。"),
        ("meeting-report", MEETING + "预约专家请拨打咨询电话000-00001234。"),
        ("public-care", PUBLIC + "预约专家请拨打咨询电话000-00001234。"),
        ("public-care", PUBLIC.replace("示例大学附属第二医院", "云岭男子医院")),
        ("public-care", PUBLIC + "产品玻尿酸双眼皮套餐另议。"),
        ("harm-story", HARM + "想祛斑加微信demo_banban。"),
        ("harm-story", HARM + "后来换了一款精华，不是智商税。"),
        ("sober-text", SOBER + "蜂胶现货，立即咨询。"),
        ("weighed-goods", WEIGHED + "想要红曲加微信demo_hongqu。"),
        ("weighed-goods", WEIGHED + "本店的红曲不是智商税。"),
        ("supplement-pitch", CONTROL + "但蜂胶不是药物，过量有损害，血糖高应就医。"),
        ("fake-doubt", "这款仪器不是智商税，但因人而异，有禁忌。"),
        ("pure-science", SCIENCE + "示例牌栓剂没有副作用，更加安全，孩子也能用。"),
        ("pure-science", SCIENCE + "示例牌驼奶诚招代理，县级优先。"),
        ("other-domain", "专家电话000-00001234。"),
        ("other-domain", "微电脑中频仪。"),
        ("other-domain", "鼻炎膏药贴现货，手机000-00001234，加微信demo_biyan。"),
        ("product-placement", BRANDED + "本报记者走访药店，店员宣称三天见效。"),
        ("goods-ranking", RANKED + "消保委公布比较试验结果。"),
        ("supplement-pitch", CONTROL + "能替代降压药吗？不能，蜂胶是普通食品，没有疾病预防作用，请勿停药。"),
        ("product-placement", PLACED + "多数人没有必要买，它不是药品，不能代替洗鼻，鼻塞请到医院检查。"),
        ("product-placement", PLACED + "使用不当有潜在危害，请按照说明书操作，它代替不了专业医疗手段。"),
        ("planted-product", PLANTED.replace("此外还可以饮用清石康泡腾片", "柠檬也能吃")),
        ("planted-product", "清石康泡腾片怎么吃？" + PLANTED),
        ("planted-product", PLANTED + "当事人虚假宣传，被责令停止，罚款三万元。"),
        ("harm-story", "代孕靠谱吗？别家有人被骗、上当，我们未见失败，包成功。"),
        ("product-placement", "灵芝孢子粉是粉，灵芝孢子粉有厂家研制，灵芝孢子粉的配方各异。"),
        ("public-programme", "健康中国，从这瓶叶酸片开始。"),
        ("product-placement", "dha藻油和dha胶囊的配方、品质不同，dha来自藻类。"),
        ("expert-science", EXPERT + "预约专家请拨打咨询电话000-00001234。"),
        ("expert-science", EXPERT + "云岭眼科医院深耕多年，技术成熟，收费透明，口碑好，是信赖之选。"),
        ("folk-recipe", RECIPE + "加微信 demo_abc123 领取。"),
        ("reportage", WITNESSED + "预约专家请拨打咨询电话000-00001234。"),
        ("reportage", WITNESSED + "读者可凭报纸到高骏中心免费测骨龄，每天限三十名。"),
        ("reportage", WITNESSED.replace("县医院", "云岭男子医院").replace("急救站", "云岭男子医院")),
        ("warning-text", VICTIM + "预约电话：000-00001234。"),
        ("warning-text", VICTIM + "我院专家提醒，选择本院放心，口碑好，技术成熟，收费透明。"),
        ("warning-text", VICTIM + "不放心的，先来做一次第二意见。"),
        ("qr-code", "某县医院新闻。扫一扫在手机打开当前页。"),
        ("private-institution", "她到某男子医院检查，才知道上当。"),
        ("wechat-contact", "本人不接私信，也勿私信问诊，看病请去医院。"),
        ("wechat-contact", "老人参加群众性健步走，专家组进群体会诊。"),
        ("contact", "来源：http://news.demo.example/c/2010-10-21/083518264402s.shtml"),
        ("appointment", "近年有人尝试剑突下单孔胸腔镜，也有人只做一侧，留下单耳不装。"),
        ("price-lure", "前往各地的高铁票几小时内被抢购一空。"),
        ("private-institution", "他被送往医院，家人联系医院，几乎所有医院都住满，最后住进医院走廊。"),
        ("private-institution", "内镜经口腔进入食管，术后注意口腔清洁，到发热门诊就诊。"),
        ("private-institution", "课题由某地生物制品研究所和高能物理研究所合作完成。"),
    ],
)
def test_who_sells_is_not_taken_for_who_tells(fact: str, text: str) -> None:
    assert fact not in analyse(text).facts


def test_a_pillow_named_once_is_not_for_sale() -> None:
    before = "手术做完以后，医生让他多休息，按时换药。" * 20
    assert "health-product" not in analyse(before + "睡觉时垫着高枕头，伤口不疼。").facts
