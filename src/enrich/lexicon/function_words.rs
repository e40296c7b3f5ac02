//! Closed classes, and the open-class words that say nothing by themselves.

use super::Class;

pub(super) const LISTS: &[(Class, &str)] = &[
    (
        Class::PRONOUN,
        "i you he she it we they me him us them myself yourself himself herself itself ourselves themselves mine yours hers \
         ours theirs who whom someone somebody anyone anybody everyone everybody no-one nobody something anything everything \
         nothing one ones this that these those there i'm i've i'd i'll you're you've you'd you'll he's he'd he'll she's she'd \
         she'll it's it'd it'll we're we've we'd we'll they're they've they'd they'll that's that'd that'll there's there'll \
         there'd here's what's who's where's how's when's why's let's y'all ya u ur im ive id ill youre thats its' each other \
         another what're how're who're",
    ),
    (
        Class::DETERMINER.or(Class::POSSESSIVE),
        "my your his her its our their whose",
    ),
    (
        Class::DETERMINER,
        "a an the this that these those some any no every each either neither both all half another such many much more most \
         few several less enough other own same certain various",
    ),
    (
        Class::PREPOSITION,
        "about above across after against along among around as at before behind below beneath beside besides between beyond by \
         despite down during except for from in inside into like near of off on onto out outside over past per since than \
         through throughout till to toward towards under underneath until unto up upon via with within without",
    ),
    (
        Class::CONJUNCTION,
        "and or but nor so yet because although though while whereas if unless until whether since when once than that as \
         however therefore otherwise 'cause cuz cause plus",
    ),
    (
        Class::AUXILIARY,
        "be am is are was were been being have has had having do does did doing done can could will would shall should may might \
         must ought gonna gotta wanna isn't aren't wasn't weren't haven't hasn't hadn't don't doesn't didn't can't cannot \
         couldn't won't wouldn't shan't shouldn't mightn't mustn't needn't ain't dont cant wont didnt doesnt isnt i'm i've i'd \
         i'll you're you've you'd you'll he's he'd he'll she's she'd she'll it's it'd it'll we're we've we'd we'll they're \
         they've they'd they'll that's that'll there's there'll here's who's what's should've could've would've must've \
         might've",
    ),
    (
        Class::NEGATION,
        "not no never none neither nor nothing nobody nowhere hardly barely rarely seldom scarcely without isn't aren't wasn't \
         weren't haven't hasn't hadn't don't doesn't didn't can't cannot couldn't won't wouldn't shan't shouldn't mightn't mustn't \
         needn't ain't dont cant wont didnt doesnt isnt",
    ),
    (
        Class::QUESTION_WORD,
        "what who whom whose which where when why how what's who's where's when's why's how's what're how're whatever whoever \
         wherever whenever whichever",
    ),
    (
        Class::ADVERB,
        "again ago ahead almost already also always anymore anyway anyways apart aside away back badly besides certainly \
         clearly currently definitely early else especially even eventually ever everywhere exactly extremely far fast finally \
         first forever forward fully further generally hard hence here highly honestly hopefully immediately indeed initially \
         instead just kinda lately later least less literally lots maybe meanwhile merely more moreover most mostly much nearly \
         never nowadays obviously occasionally often once only originally otherwise overall perhaps possibly pretty probably \
         quickly quite rather really recently sadly seriously simply slowly so somehow sometimes somewhat somewhere soon sorta \
         still straight suddenly super surely then there thereby thus together too totally twice truly unfortunately usually \
         very well whenever yet now tho though altogether apparently basically luckily thankfully frankly actually \
         absolutely online offline upstairs downstairs indoors outdoors abroad asap right alone outside inside btw tbh imo",
    ),
    (
        Class::INTERJECTION,
        "ah aha ahh alas alright amen aw aww awww bah bravo btw cheers congrats congratulations cool damn dang darn duh eh er fine \
         gee geez gosh great ha haha hahaha hehe hey hm hmm hmmm hooray huh hurray jeez k kidding lmao lol mhm nah naw nice nope no \
         ok okay omg oof oh ooh oops ouch ow phew please pls plz right rofl sheesh shh shoot sorry sure ta thank thanks thx tsk \
         ugh uh uhh um umm welcome well whew whoa woah woo wow wowza yay yea yeah yep yes yikes yo yup absolutely definitely \
         totally exactly indeed true agreed same gotcha bingo awesome amazing perfect excellent wonderful fantastic brilliant \
         sweet neat woohoo woot yeehaw exciting interesting incredible impressive lovely beautiful fingers kudos",
    ),
    (
        Class::GREETING,
        "hi hey hello hiya heya howdy yo dear bye goodbye cheers thanks thank thx congrats congratulations sorry welcome greetings \
         sup morning goodnight ciao hola",
    ),
    (
        Class::VAGUE,
        "thing things stuff lot lots bit bits way ways kind kinds sort sorts type types part parts piece pieces case cases point \
         points fact facts side sides end ends place places time times moment moments one ones day days week weeks month \
         months year years hour hours minute minutes second seconds today tomorrow yesterday tonight while people person guy guys \
         man men woman women folk folks someone anyone everyone everything something anything nothing bunch couple number amount \
         pair group groups set example reason reasons result results question questions answer answers idea ideas matter issue \
         problem deal chance stage level area areas rest sense course luck sake hand hands name names word words stop start \
         morning afternoon evening night weekend weekends decade decades ages while instance regard dude bro bud buddy pal mate \
         man shot pic pics photo photos picture pictures image images look looks touch feeling feelings thought thoughts \
         experience experiences opportunity journey vibe vibes step steps aspect aspects difference effort plenty tons ton loads \
         stuff self news update updates details detail info catch chat talk top bottom middle half front back past future \
         present line lines kinda everyone life world yesterday's today's worries worry thanks favorite favourite fave faves \
         memory memories reminder fan joy fun love hope happiness minute feel",
    ),
    (
        Class::EVALUATIVE.or(Class::ADJECTIVE),
        "good great nice cool awesome amazing wonderful fantastic excellent perfect lovely beautiful gorgeous pretty brilliant \
         terrific superb incredible impressive outstanding fabulous marvelous stunning bad terrible horrible awful poor worst worse \
         best better fun funny interesting exciting inspiring special important happy glad sad sorry proud excited thrilled \
         sweet cute adorable delicious tasty yummy favorite favourite fave big small huge little tiny large long short new old \
         real true right wrong sure certain different same whole entire full main major minor key amazing crazy weird strange odd \
         super total absolute simple easy hard tough difficult challenging rewarding meaningful powerful magical epic dope sick \
         neat worth able ready lucky blessed grateful thankful busy tired stressed stressful peaceful relaxing calm free fine okay \
         many much more most few several other another next last first second third final recent current past \
         various own cozy refreshing breathtaking mesmerizing motivating motivated comforting insightful therapeutic \
         memorable unforgettable unreal insane solid top such possible likely available useful helpful needed mindful supportive \
         fulfilling encouraging heartwarming touching satisfying disappointing disappointed frustrating frustrated upset worried \
         scared afraid angry nervous anxious surprised amazed shocked confused bored boring curious keen eager passionate \
         interested involved determined enough extra fresh wild intense unique cheerful hopeful precious cherished fascinating \
         fascinated awful annoying annoyed lonely alone devastated heartbroken exhausted exhausting overwhelmed overwhelming chill \
         kind generous wise smart clever strong brave",
    ),
    (
        Class::ADJECTIVE,
        "young early late high low deep wide narrow dark bright light heavy hot cold warm dry wet clean dirty quick slow loud quiet \
         soft rough smooth sharp flat round empty cheap expensive rich local global national international public private \
         personal professional physical mental emotional social political financial medical legal digital natural traditional \
         modern classic classical ancient creative artistic musical technical scientific academic annual daily weekly monthly \
         red blue green yellow black white brown pink purple orange grey gray golden silver wooden plastic metal \
         healthy sick ill injured pregnant single married divorced dead alive famous popular common rare wild vegan vegetarian \
         spicy salty sour bitter organic homemade handmade vintage second-hand part-time full-time western eastern northern \
         southern upcoming related virtual remote",
    ),
    (
        Class::CALENDAR,
        "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september \
         october november december mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec \
         today tomorrow yesterday tonight spring summer autumn winter am pm",
    ),
    (
        Class::NUMBER,
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen \
         nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen",
    ),
    (
        Class::TITLE,
        "mr mrs ms miss mx dr doctor prof professor sir madam lady lord uncle aunt auntie grandma grandpa granny president \
         captain sergeant officer judge coach chef king queen prince princess saint father sister brother nurse",
    ),
    (
        Class::KIN,
        "mother mom mum mama mommy father dad daddy papa parent parents brother sister sibling siblings son daughter child \
         children kid kids baby wife husband partner spouse fiance fiancee girlfriend boyfriend grandmother grandma granny nana \
         grandfather grandpa grandson granddaughter grandchild uncle aunt auntie nephew niece cousin in-laws stepmother stepfather \
         friend friends bestie roommate flatmate neighbor neighbour colleague coworker co-worker boss manager teacher coach \
         mentor therapist doctor dentist lawyer landlord tenant teammate classmate buddy family twin twins bff fam",
    ),
    (
        Class::PET,
        "dog cat puppy pup kitten kitty pet hamster rabbit parrot horse pony turtle tortoise goldfish guinea-pig bird",
    ),
];
