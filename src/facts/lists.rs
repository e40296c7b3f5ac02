//! Words that end, begin or empty a value.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that end a phrase.
pub(super) static STOP: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "and but because since so which who that where when while whenever though although now these this currently again \
     today yesterday tomorrow last next from after before until till anymore any too as either then lately nowadays \
     already for at with in on or if than very right actually ago every together here there much more most always also \
     still by using during near without like i we you he she they it my is are was were am und aber weil mit seit jetzt y \
     pero porque con desde ahora et mais avec depuis maintenant e mas com agora ha btw lol haha tho rn tbh imo honestly \
     anyway except especially because unless even all just but once while when whenever over through between into about"
    .split_whitespace()
    .collect()
});

/// Words that a value of that kind cannot begin with.
pub(super) static NO_BEGINNING: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "it that this these those you him her them us me how what when where who why to not all everything nothing something \
     anything everyone myself being your his their our its about up out off so too very getting seeing hearing working one \
     some more both just every each no nobody hard harder late well lots be"
    .split_whitespace()
    .collect()
});

/// Words after which a phrase is about something that stands in the words that follow.
pub(super) static CUTS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "to into of my this that these those our your the a i we it is are was were about like how through who all some up \
     than"
    .split_whitespace()
    .collect()
});

/// Deeds that say little by themselves.
pub(super) static LIGHT: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "going playing being having getting doing making taking seeing looking trying coming living sitting curling spending \
     hanging working watching putting keeping using giving finding helping"
    .split_whitespace()
    .collect()
});

/// Words that point at something said before: no value without it.
pub(super) static VAGUE: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "it them this that these those something anything things stuff her him everyone ones myself"
        .split_whitespace()
        .collect()
});

pub(super) static DETERMINERS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "a an the den die das der el la los las le les o os as un une ein eine"
        .split_whitespace()
        .collect()
});

/// Words before a profession that leave it what it is.
pub(super) static MODIFIERS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "senior junior lead head chief freelance trainee assistant professional pediatric paediatric primary secondary high \
     school university math maths science english history music piano registered part-time full-time civil mechanical \
     electrical chemical structural backend frontend night licensed qualified certified retired pastry sous marine \
     landscape emergency family"
    .split_whitespace()
    .collect()
});

pub(super) fn is_stop(word: &str) -> bool {
    STOP.contains(&word)
}
