//! Words that name feelings, and words that stir.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::enrich::features::Emotion;

/// Words by the feeling they name. A word that only praises ("great") names none.
const FEELINGS: &[(Emotion, &str)] = &[
    (
        Emotion::Joy,
        "happy happier happiest happiness happily joy joyful glad delighted delight thrilled excited excitement exciting cheerful \
         ecstatic elated overjoyed blissful bliss yay hooray woohoo celebrate celebrated celebrating celebration fun laugh laughed \
         laughing laughter smile smiled smiling smiles stoked pumped enjoy enjoyed enjoying enjoyable pleased proud pride blessed \
         euphoric wonderful fantastic 😀 😃 😄 😁 😆 😊 😂 🎉 🥳 😎",
    ),
    (
        Emotion::Love,
        "love loved loves loving beloved adore adored adores adoring cherish cherished affection affectionate hug hugs hugged kiss \
         kissed darling sweetheart crush romantic romance fond fondness tender ❤ 💕 💖 💗 😍 🥰 😘",
    ),
    (
        Emotion::Trust,
        "trust trusted trusting trustworthy grateful gratitude thankful appreciate appreciated appreciative appreciation support \
         supported supportive supporting rely reliable loyal loyalty faith confident confidence admire admired admiration respect \
         respected safe secure honest reassured reassuring count-on accepted acceptance 🙏 🤝",
    ),
    (
        Emotion::Surprise,
        "surprise surprised surprising surprisingly astonished astonishing amazed shocked shocking stunned unexpected unexpectedly \
         unbelievable incredible omg wow whoa woah speechless startled blown-away 😮 😲 😱 🤯",
    ),
    (
        Emotion::Sadness,
        "sad sadder sadness sadly unhappy depressed depressing depression cry cried crying tears grief grieve grieving mourn mourning \
         heartbroken heartbreaking lonely loneliness miserable misery sorrow gloomy hopeless disappointed disappointing \
         disappointment devastated devastating loss lost miss missed upset hurt discouraged homesick regret regretted died passed \
         😢 😭 😞 😔 💔",
    ),
    (
        Emotion::Fear,
        "afraid fear feared fears fearful scared scary frightened frightening terrified terrifying anxious anxiety nervous nervously \
         worried worry worries worrying panic panicked panicking dread dreaded dreading phobia horrified stressed stress stressful \
         overwhelmed overwhelming uneasy tense threatened danger dangerous nightmare 😨 😰 😟",
    ),
    (
        Emotion::Anger,
        "angry anger angrily mad furious rage raging outraged outrageous annoyed annoying irritated irritating frustrated frustrating \
         frustration hate hated hates hating hatred resent resentful resentment pissed hostile fuming livid insulted offended unfair \
         😠 😡 🤬",
    ),
    (
        Emotion::Disgust,
        "disgust disgusted disgusting gross nasty revolting repulsive yuck yucky ew eww sickening nauseous nauseating vile filthy \
         awful horrible creepy rotten 🤢 🤮",
    ),
];

/// Stirring words, pleasant or not; after the high end of arousal norms (Warriner, Kuperman & Brysbaert 2013), by hand.
const STIRRING: &str = "excited exciting excitement thrilled thrilling ecstatic furious rage terrified terrifying panic panicked \
    panicking screaming screamed scream shouting shouted amazing incredible insane crazy wild awesome epic unbelievable shocked \
    shocking stunned explosion exploded fire emergency accident crash crashed fight fighting attack attacked horrified desperate \
    urgent hurry rush rushed rushing race racing adrenaline pumped stoked obsessed passionate love hate hated angry mad anxious \
    nervous scared afraid fear stress stressed overwhelmed overwhelming overjoyed wow whoa woah omg yay woohoo hooray damn devastated \
    heartbroken win won victory winning champion championship surprise surprised died death killed murder war storm sex kiss dance \
    dancing party celebrate celebration adventure adventurous danger dangerous challenge intense powerful energetic energy \
    electrifying breathtaking freaking freaked ecstasy hell blast concert roller-coaster skydiving fireworks";

/// Calming words.
const CALMING: &str = "calm calming calmly relax relaxed relaxing relaxation peaceful peace quiet quietly rest rested resting sleep \
    sleepy asleep tired bored boring dull slow slowly gentle gently soothing serene serenity cozy comfy lazy nap mellow meditation \
    meditate chill chilling tranquil still";

static FEELING_OF: LazyLock<HashMap<&'static str, Emotion>> = LazyLock::new(|| {
    FEELINGS
        .iter()
        .flat_map(|(emotion, list)| list.split_whitespace().map(move |word| (word, *emotion)))
        .collect()
});

static STIR: LazyLock<HashMap<&'static str, f64>> = LazyLock::new(|| {
    let stirring = STIRRING.split_whitespace().map(|word| (word, 1.0));
    stirring
        .chain(CALMING.split_whitespace().map(|word| (word, -1.0)))
        .collect()
});

/// The feeling a folded word or an emoji names.
pub(in crate::enrich) fn feeling_of(word: &str) -> Option<Emotion> {
    FEELING_OF.get(word).copied()
}

/// 1 for a stirring word, −1 for a calming one, else 0.
pub(in crate::enrich) fn stir(word: &str) -> f64 {
    STIR.get(word).copied().unwrap_or(0.0)
}
