//! Verbs: base forms, irregular forms, and the way back from a regular form to its base.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Class;

/// Activities that are spoken of as such, whose inflections all give the gerund as a topic: hiked → hiking.
const ACTIVITIES: &str = "hike swim paint run cook bake camp dance travel read write sing draw ski surf cycle climb fish sail \
    garden knit sew shop jog skate row dive kayak box wrestle cycle bike paddle sculpt carve meditate volunteer adopt sketch \
    blog program code hunt forage snowboard skateboard bowl golf sunbathe stargaze birdwatch juggle crochet quilt brew parent \
    mentor freelance exercise stretch rap stream vlog podcast film photograph journal";

pub(super) const LISTS: &[(Class, &str)] = &[
    (Class::VERB, ACTIVITIES),
    (
        // What one is, has, thinks or feels; nothing is done by it.
        Class::VERB.or(Class::STATIVE),
        "be have know think guess believe suppose feel hope wish mean seem appear look sound like love hate want need prefer matter \
         depend belong understand agree disagree remember forget wonder imagine expect doubt realize realise notice care mind \
         deserve contain consist concern exist involve include resemble own cost fit weigh taste smell hear see enjoy \
         appreciate admire value respect trust miss regret fear worry dream stay keep let get go make do take give come \
         say tell talk ask help try happen bet thank figure can wait plan intend aim start begin stop continue end become \
         remind sure glad use used tend require show end remain relate",
    ),
    (
        Class::VERB.or(Class::SAYING),
        "say tell ask reply answer explain mention suggest admit claim promise insist whisper shout announce warn laugh smile think \
         know believe love like want hope feel call text email text invite introduce visit help teach agree joke nod cry sigh",
    ),
    (
        Class::VERB.or(Class::MOTION),
        "go come travel move fly drive walk run ride sail head return relocate commute hike cycle trek emigrate immigrate arrive \
         leave visit tour explore migrate drove",
    ),
    (
        Class::VERB,
        "abandon accept achieve act add address adjust advise afford allow analyze apologize apply appoint approach approve argue \
         arrange arrive assemble assign assist attach attack attempt attend avoid award bank bathe beat beg bite blame bleed bless \
         blow board boil book borrow bother break breathe bring broadcast browse brush build bully burn bury buy calculate call \
         cancel carry catch celebrate challenge change charge chase cheat check cheer chew choose clap clean clear close coach \
         collaborate collapse collect comb combine comfort compare compete complain complete compose concentrate conduct confirm \
         confront connect consider construct consult contact contribute convince copy correct count cover crash crawl create \
         critique cross crush cry cure cut damage dare date deal debug decide declare decline decorate dedicate define delay \
         delete deliver demand deploy describe design destroy develop diagnose die dig disappear discover discuss dislike divide \
         donate download drag dress drink drive drop dry earn eat edit educate elect email embrace employ empower encounter encourage \
         engage enroll enter escape establish evaluate examine exchange expand experience experiment explain explore export express \
         extend face fail fall feed fetch fight fill film find finish fire fix flee float flood flow fly focus fold follow forgive \
         form found freeze fund gain gather gaze generate graduate grab greet grill grow guard guide handle hang heal heat help hide \
         hire hit hold host hug hurt ignore illustrate implement import impress improve increase influence inform injure inspire \
         install interview introduce invent invest invite iron join judge jump kick kill kiss knock land last laugh launch lay lead \
         lean learn leave lend lie lift light link listen live load lock lose maintain manage marry master measure meet \
         melt mention merge mess migrate mix monitor motivate mount move mow nap negotiate nurse observe obtain offer open operate \
         order organize organise overcome owe pack park participate pass pay perform persuade pet phone pick pitch place plant play \
         point polish post pour practice practise praise pray prepare present press prevent print produce promise promote propose \
         protect prove provide publish pull pump punch purchase push put quit race rain raise reach react rebuild receive recharge \
         recognize recommend record recover recycle reduce refactor reflect refuse register rehearse relax release rely rename \
         remodel remove renew renovate rent repair repeat replace reply report request rescue research reserve resign resolve rest \
         restart restore retire return reunite reveal review rewrite ride ring rise risk rob rock roll root ruin rush save scan \
         scare schedule score scratch scream search select sell send separate serve set settle shake shape share shave shift shine \
         ship shoot shout shut sign sit skip slam sleep slide slip smile smoke sneeze snow soak solve sort speak spell \
         spend spill spin spoil sponsor spot spread squeeze stand stare steal step stick stir store strengthen stress strike struggle \
         study submit succeed suffer suggest supply support surprise surround survive sweat sweep swing switch switch tackle teach \
         tear test text throw tidy tie toss touch tour tow track trade train transfer transform translate treat trim trip trust \
         turn twist type understand unlock unpack unwind update upgrade upload vacuum visit vote wake walk warn wash waste \
         watch water wear welcome win wipe withdraw witness work worry wrap yell chill rock pursue explore grab hang hit crack \
         whip bond lean bounce reconnect rehome brainstorm network showcase craft customize declutter socialize",
    ),
    // Things that change a life, as nouns, adjectives and verb forms.
    (
        Class::LIFE_EVENT,
        "birthday wedding engaged engagement married marriage divorce divorced pregnant pregnancy born birth funeral died death dead \
         cancer diagnosed diagnosis surgery hospital accident injury injured graduated graduation promoted promotion hired fired \
         laid-off resigned retired retirement moved adopted adoption allergic allergy allergies anniversary degree scholarship job \
         offer mortgage bankrupt inheritance passport visa citizenship password deadline award prize championship published \
         launched signed contract proposal proposed breakup separated emigrated enlisted elected arrested evicted therapy \
         depression miscarriage stroke operation medication insulin diabetes diabetic asthma epilepsy peanut won \
         quit opened founded",
    ),
];

/// Irregular forms: `forms/of/a/verb` and the base.
pub(super) fn irregular() -> impl Iterator<Item = (&'static str, &'static str)> {
    IRREGULAR
        .split_whitespace()
        .filter_map(|entry| entry.split_once('='))
}

const IRREGULAR: &str = "was/were/been/is/am/are/being=be had/has/having=have did/does/done/doing=do went/gone/goes/going=go \
    came/coming=come made/making=make took/taken/taking=take gave/given/giving=give got/gotten/getting=get saw/seen/seeing=see \
    knew/known=know thought=think said=say told=tell found=find felt=feel left=leave kept=keep began/begun/beginning=begin \
    brought=bring bought=buy built=build caught=catch chose/chosen=choose drew/drawn=draw drank/drunk=drink drove/driven=drive \
    ate/eaten=eat fell/fallen=fall fed=feed fought=fight flew/flown=fly forgot/forgotten/forgetting=forget forgave/forgiven=forgive \
    froze/frozen=freeze grew/grown=grow hung=hang heard=hear hid/hidden=hide held=hold laid=lay led=lead learnt=learn lent=lend \
    lost=lose meant=mean met/meeting=meet paid=pay rode/ridden=ride rang/rung=ring rose/risen=rise ran/running=run \
    sold=sell sent=send shook/shaken=shake shot=shoot showed/shown=show sang/sung=sing sank/sunk=sink sat/sitting=sit slept=sleep \
    spoke/spoken=speak spent=spend stood=stand stole/stolen=steal stuck=stick struck=strike swam/swum/swimming=swim swung=swing \
    taught=teach tore/torn=tear threw/thrown=throw understood=understand woke/woken=wake wore/worn=wear won/winning=win \
    withdrew/withdrawn=withdraw wrote/written/writing=write became=become bitten=bite blew/blown=blow broke/broken=break dug=dig \
    fled=flee hurt=hurt lit=light overcame=overcome quit/quitting=quit rebuilt=rebuild rewrote/rewritten=rewrite \
    sewn=sew shut=shut split=split spun=spin swept=sweep died/dying=die lying=lie tied/tying=tie put/putting=put set/setting=set \
    cut/cutting=cut hit/hitting=hit let/letting=let ran=run bet=bet slid=slide shone=shine knelt=kneel dealt=deal crept=creep \
    bled=bleed bred=breed leapt=leap ";

/// Nouns in -ing and -ed and plurals that look like a verb's form.
const NO_VERB_FORM: &str = "meeting building wedding evening morning ceiling clothing earring feeling blessing housing \
    thing something anything nothing everything king ring spring string wing bed red seed need speed hundred indeed during \
    being weed feed news glasses clothes training opening listening landing recording setting offering pudding outing ending \
    drawing dressing engineering lighting marketing plumbing pricing series species always besides towards perhaps its this is \
    as has was does used stuffing rating reading";

static IRREGULAR_FORMS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    irregular()
        .flat_map(|(forms, base)| forms.split('/').map(move |form| (form, base)))
        .collect()
});

static BASES: LazyLock<HashMap<&'static str, bool>> = LazyLock::new(|| {
    let mut bases: HashMap<&'static str, bool> = HashMap::new();
    for (class, list) in LISTS {
        if class.is(Class::VERB) {
            bases.extend(list.split_whitespace().map(|verb| (verb, false)));
        }
    }
    bases.extend(ACTIVITIES.split_whitespace().map(|verb| (verb, true)));
    bases
});

static NOUNS: LazyLock<std::collections::HashSet<&'static str>> =
    LazyLock::new(|| NO_VERB_FORM.split_whitespace().collect());

/// The base form of a known verb's form, or nothing: "hiked", "hikes" and "hiking" → "hike".
pub(in crate::enrich) fn lemma(word: &str) -> Option<&'static str> {
    if let Some(base) = IRREGULAR_FORMS.get(word) {
        return Some(base);
    }
    known(word).or_else(|| {
        if NOUNS.contains(word) {
            None
        } else {
            stripped(word)
        }
    })
}

fn known(word: &str) -> Option<&'static str> {
    BASES.get_key_value(word).map(|(base, _)| *base)
}

fn stripped(word: &str) -> Option<&'static str> {
    if let Some(stem) = word
        .strip_suffix("ies")
        .or_else(|| word.strip_suffix("ied"))
    {
        let mut with_y = stem.to_owned();
        with_y.push('y');
        return known(&with_y);
    }
    for suffix in ["ing", "ed", "es", "s", "in'"] {
        let Some(stem) = word.strip_suffix(suffix) else {
            continue;
        };
        if stem.len() < 2 {
            continue;
        }
        let found = known(stem)
            .or_else(|| undoubled(stem))
            .or_else(|| with_e(stem, suffix));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// "jogg" → "jog".
fn undoubled(stem: &str) -> Option<&'static str> {
    match stem.as_bytes() {
        [.., a, b] if a == b && b.is_ascii_lowercase() => known(&stem[..stem.len() - 1]),
        _ => None,
    }
}

/// "hik" → "hike".
fn with_e(stem: &str, suffix: &str) -> Option<&'static str> {
    if suffix == "s" {
        return None;
    }
    known(&format!("{stem}e"))
}

/// The gerund of an activity's base form, or nothing for other verbs: "run" → "running".
pub(in crate::enrich) fn activity(base: &str) -> Option<String> {
    if BASES.get(base) != Some(&true) {
        return None;
    }
    let bytes = base.as_bytes();
    let vowel = |b: u8| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u');
    Some(match bytes {
        [.., b'i', b'e'] => format!("{}ying", &base[..base.len() - 2]),
        [.., before, b'e'] if *before != b'e' => format!("{}ing", &base[..base.len() - 1]),
        // One short syllable doubles its consonant: swim, run, jog, shop; not fish, row, garden, camp.
        [start @ .., v, last]
            if bytes.len() <= 4
                && vowel(*v)
                && !vowel(*last)
                && !matches!(last, b'w' | b'x' | b'y')
                && start.iter().all(|b| !vowel(*b)) =>
        {
            format!("{base}{}ing", char::from(*last))
        }
        _ if base == "program" => "programming".to_owned(),
        _ => format!("{base}ing"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_leads_back_to_its_base() {
        for (form, base) in [
            ("went", Some("go")),
            ("hiking", Some("hike")),
            ("hiked", Some("hike")),
            ("jogging", Some("jog")),
            ("studied", Some("study")),
            ("watches", Some("watch")),
            ("calls", Some("call")),
            ("running", Some("run")),
            ("adopted", Some("adopt")),
            ("missed", Some("miss")),
            ("building", None),
            ("table", None),
            ("s", None),
        ] {
            assert_eq!(lemma(form), base, "{form}");
        }
    }

    #[test]
    fn gerunds_are_spelt_as_people_spell_them() {
        for (base, gerund) in [
            ("run", "running"),
            ("swim", "swimming"),
            ("hike", "hiking"),
            ("fish", "fishing"),
            ("row", "rowing"),
            ("camp", "camping"),
            ("garden", "gardening"),
            ("ski", "skiing"),
            ("sew", "sewing"),
            ("read", "reading"),
        ] {
            assert_eq!(activity(base).as_deref(), Some(gerund));
        }
        assert_eq!(activity("support"), None);
    }
}
