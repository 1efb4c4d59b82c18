"""Words that carry little meaning, of some languages, without accents. Other languages are compared with theirs."""

_ENGLISH = (
    "earlier earliest later latest least "
    "about above after again against also although always among another anyone anything around because been "
    "before being below between both cannot could does doing done down during each either else even ever every "
    "everyone from further have having here hers herself himself however into itself just less like likely made "
    "make makes many may maybe might more most much must myself need needs neither never none nothing often only "
    "other others ought ours over own perhaps quite rather really same shall should since some someone something "
    "still such than that their theirs them themselves then there therefore these they thing things this those "
    "though through thus together too toward towards under until upon used uses using usually very want wants "
    "well were what whatever when where whether which while whom whose will with within without would your yours "
    "yourself"
)
_GERMAN = (
    "aber alle allem allen aller alles also andere anderen auch auf aus bei beim bereits beide bin bis bist damit "
    "dann darauf darf daruber das dass davon dazu dein deine dem den denn der deren des dessen deshalb dich die "
    "dies diese diesem diesen dieser dieses doch dort durch durfen eben ein eine einem einen einer eines einige "
    "etwa etwas euch fur ganz gegen gibt habe haben hat hatte hatten hier hinter ihm ihn ihnen ihr ihre ihrem "
    "ihren ihrer immer indem ist jede jedem jeden jeder jedes jedoch jetzt kann kein keine keinem keinen keiner "
    "konnen konnte machen mehr mein meine mich mit muss mussen nach nicht nichts noch nun nur ober oder ohne sehr "
    "sein seine seinem seinen seiner seit sich sie sind soll sollen sollte sondern sonst uber und uns unser "
    "unsere unter viel viele vom von vor wann ware warum was weil welche welchem welchen welcher wenn werde "
    "werden wie wieder will wir wird wirst wohl wollen wurde wurden zum zur zwar zwischen"
)
_FRENCH = (
    "ainsi alors aucun aussi autre autres avant avec avoir beaucoup cela celle celui cette ceux chaque comme "
    "comment dans depuis deux donc elle elles encore entre etre faire fait leur leurs lors mais meme moins notre "
    "nous parce par pendant peut plus pour pourquoi quand quelle quelles quels sans sera seront selon sont sous "
    "souvent toujours tous tout toute toutes tres votre vous"
)
_SPANISH = (
    "ademas algo algun alguna ante antes aquel aqui aunque cada como con contra cual cuando debe del desde donde "
    "durante ella ellas ellos entre era eran esta estaba estan estas este esto estos hace hacer hacia hasta mas "
    "mientras mucho nada nosotros otra otras otro otros para pero poco porque puede pueden que quien segun ser "
    "siempre sino sobre solo son sus tambien tanto tiene tienen toda todas todo todos una unas uno unos usted "
    "ustedes"
)
STOP_WORDS = frozenset(f"{_ENGLISH} {_GERMAN} {_FRENCH} {_SPANISH}".split())
