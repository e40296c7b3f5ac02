//! Given names that are common where English is spoken; names that are also everyday words are left out or need context.

use super::Class;

pub(super) const LISTS: &[(Class, &str)] = &[(
    Class::FIRST_NAME,
    "aaron abby abdul abigail abraham adam adrian agnes ahmed aisha alan albert alberto alejandra alejandro alex alexa alexander \
     alexandra alfred ali alice alicia alison allison alma alyssa amanda amber amelia amina amir amit amy ana anastasia andre \
     andrea andreas andrei andrew andy angel angela angelina anil anita anja ann anna anne annette annie anthony antoine anton \
     antonio anya april ariana arjun arthur ashley audrey aurora ava barbara beatrice becky ben benjamin bernard beth betty \
     beverly bill billy bjorn bob bobby boris brad bradley brandon brenda brett brian bridget bruce bruno bryan caitlin caleb \
     calvin cameron camila carl carla carlos carmen carol carolina caroline carolyn carrie casey catherine cathy cecilia chad \
     charles charlie charlotte chen chloe chris christian christina christine christopher cindy claire clara clark claudia colin \
     connor craig cristina crystal curtis cynthia daisy dan dana daniel daniela danielle danny darren dave david dawn dean debbie \
     deborah debra dennis derek diana diane diego dieter dmitri dominic don donald donna doris dorothy doug douglas duncan dylan \
     earl ed eddie edgar edith eduardo edward edwin eileen elaine eleanor elena eli elias elijah elisa elizabeth ella ellen ellie \
     emil emily emma enrique eric erica erik erika erin ernest esther ethan eugene eva evan evelyn fatima felipe felix \
     fernando fiona florence frances francesca francesco francis francisco frank frankie fred frederick fritz gabriel gabriela \
     gabrielle gareth gary gavin geoff george georgia gerald geraldine gerard gilbert gina giovanni giulia glen glenn gloria \
     gordon grace graham greg gregory greta gretchen guillermo gustavo guy hannah hans harold harriet harry harvey hassan hazel \
     heather hector heidi helen helena henry herbert hiroshi holly howard hugh hugo ian ibrahim ida ines ingrid irene iris isaac \
     isabel isabella isabelle ivan ivy jack jackie jackson jacob jacqueline jade jaime jake james jamie jan jana jane janet janice \
     jared jasmine jason javier jay jean jeff jeffrey jen jenna jennifer jenny jeremy jerome jerry jess jesse jessica jill jim \
     jimmy jo joan joanna joanne joaquin jodie joe joel johan johanna john johnny jon jonas jonathan jordan jorge jose joseph \
     josephine josh joshua joy joyce juan juanita judith judy julia julian juliana julie juliet jun justin kai kamal kara karen \
     karim karina karl kate katherine kathleen kathryn kathy katie katrina kay kayla keith kelly ken kendra kenji kenneth kenny \
     kevin khalid kim kimberly kirsten klaus kurt kyle lana lars laura lauren laurence lea leah lee leila lena leo leon leonard \
     leslie levi lewis liam lily linda lindsay lisa liz lloyd logan lois lola lorenzo lorraine louis louise luca lucas lucia \
     lucy luis luisa luke lydia lynn mabel madeleine madison mackenzie maggie malcolm manuel marc marcel marcia marco marcus \
     margaret maria mariam marianne marie marina mario marion marjorie mark markus marlene marta martha martin marty martina mary \
     maryam mateo mathilde matt matteo matthew maureen maurice max maya megan mei mel melanie melissa mercedes mia michael michel \
     michelle miguel mika mike mila miles mina miranda miriam mitchell mohamed mohammed moira mona monica morgan muhammad myra \
     nadia nadine naomi natalia natalie natasha nate nathan nathaniel neha neil nell nicholas nick nicola nicolas nicole nigel \
     nikhil nikita nina noah noel nora norma norman nuria olga oliver olivia omar oscar otto owen pablo paige pamela pascal pat \
     patricia patrick paul paula pauline pavel pedro peggy penelope penny pete peter petra phil philip philippe phillip phoebe \
     pierre priya priyanka quentin rachel rafael rahul raj rajesh ralph ramon randy raphael raquel rashid raul ravi ray raymond \
     rebecca regina reginald renata rene rhonda ricardo richard rick ricky rita rob robert roberto robin rodrigo roger roland ron \
     ronald ronnie rosa rosalie rosemary ross roxanne roy ruben rudolf rupert russell ruth ryan sabine sabrina sally salma sam \
     samantha samir samuel sandra sandy sanjay santiago sara sarah sasha saul scott sean sebastian selena sergei sergio seth \
     shane shannon sharon shaun sheila shelley sherry shirley sid sierra silvia simon simone sofia sonia sonja sophia sophie \
     stacey stan stanley stefan stella stephanie stephen steve steven stuart sue sunil susan suzanne sven sylvia tamara tanya tara \
     ted teresa terry tessa theo theodore theresa thomas tiffany tim timothy tina toby todd tom tomas tommy toni tony tracy trevor \
     tristan troy tyler ursula valentina valerie vanessa vera veronica vicky victor victoria vijay vikram vincent viola violet \
     virginia vivian vladimir walter wanda wayne wendy wesley wilhelm william willie winston wolfgang xavier yasmin yolanda yuki \
     yusuf yvonne zach zachary zara zoe",
)];
