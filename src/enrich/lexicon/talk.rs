//! Words that keep a talk going, and words that say whose life it is about, in the languages people write to codex in.

/// Thanks, greetings, praise, agreement, laughter: en, de, fr, es, pt.
pub(in crate::enrich) const COURTESY: &str = "\
    wow great awesome amazing cool nice congrats congratulations thanks thank hey hi hello yeah yep yup yes sure okay ok absolutely \
    definitely totally glad happy wonderful fantastic good lovely sounds keep luck sweet haha hahaha lol oh really exactly right agree \
    proud inspiring inspired bye care welcome sorry cheers perfect brilliant excellent super please anytime goodnight \
    danke dankeschön bitte toll klasse prima hallo tschüss tschüs gerne gern genau schön freut freue glückwunsch moin servus stimmt \
    jawohl wunderbar spitze mach's viel spaß \
    merci bonjour bonsoir salut génial bravo d'accord ouais oui félicitations coucou bisous parfait chouette bienvenue \
    gracias hola genial claro vale felicidades adiós perfecto buenas buenos saludos enhorabuena \
    obrigado obrigada olá oi legal ótimo ótima parabéns valeu tchau beijo beijos abraço perfeito";

/// Words of the first person.
pub(in crate::enrich) const FIRST: &str = "\
    i me my mine myself we us our ours i'm i've i'd i'll we're we've we'd we'll \
    ich mir mich mein meine meinen meinem meiner wir uns unser unsere unseren \
    je j'ai j'étais m'a moi mon ma mes nous notre nos \
    yo mí mis nosotros nosotras nuestro nuestra \
    eu meu minha meus minhas nós nosso nossa";

/// Words that address the other.
pub(in crate::enrich) const SECOND: &str = "\
    you your yours yourself you're you've you'd you'll u ur \
    du dir dich dein deine deinen deinem deiner euch euer eure \
    tu toi ton vous votre vos \
    tú usted ustedes vosotros contigo \
    você vocês teu tua contigo";

/// Words that tell of the past where a language marks it with a word of its own, beside English verb forms.
pub(in crate::enrich) const PAST: &str = "\
    habe hatte hatten war waren wurde wurden ging kam sah fuhr gestern vorgestern letzte letzten letztes \
    j'ai j'étais était avait avons hier dernier dernière \
    fui fue fuimos hice hizo estuve ayer pasado pasada había \
    fomos foi fiz fez estive ontem passado passada tinha";

/// Words that say of themselves that they are to be kept: decisions, promises, preferences, health, turns of a life.
pub(in crate::enrich) const KEEP: &str = "\
    remember important decided decision promised promise prefer favorite favourite allergic allergy diagnosed deadline password \
    married divorced engaged pregnant born died moved hired fired promoted graduated quit birthday appointment \
    wichtig entschieden entscheidung versprochen allergisch allergie verheiratet geschieden schwanger geboren gestorben umgezogen \
    geburtstag termin lieblings kündigung gekündigt \
    important décidé décision promis préfère allergique mariée marié divorcé enceinte née né mort déménagé anniversaire rendez-vous \
    importante decidido decidí decisión prometí prefiero alérgico alérgica casado casada embarazada nació murió mudé cumpleaños cita \
    decidi decisão prometi prefiro alérgica grávida nasceu morreu mudei aniversário consulta";

/// Names that assistants and systems go by as speakers.
pub(in crate::enrich) const ASSISTANTS: &str =
    "assistant ai bot chatgpt gpt claude gemini copilot llama model system tool";
