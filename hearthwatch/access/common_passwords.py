"""The commonest passwords of twelve characters and more, in small letters.

Shorter ones are refused for their length. What these are made longer with (digits and signs at
the ends) is taken off before one is looked up.
"""

_WORDS = """
administrator adminadminadmin abcdefghijkl abcdefghijklm abcdefghijklmn abcdefghijklmnop
asdfghjklasdf asdfghjklqwerty basketball changemechangeme changemeplease
changemenow correcthorsebatterystaple footballfootball iloveyouforever iloveyousomuch
letmeinletmein letmeinplease mypassword passwordpassword passwordadmin
passwordispassword pleasechangeme qazwsxedcrfv qwertyqwerty qwertyuiopas qwertyuiopasdf
qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm qwertyuiop qwerty password welcomewelcome
superadministrator thisismypassword thisisapassword
trustnoonetrustno unknownunknown welcometothejungle yourpassword zaqxswcdevfr
zxcvbnmasdfghjkl zxcvbnmzxcvbnm sunshinesunshine liverpoolliverpool princessprincess
bismillah bismillahirrahmanirrahim allahuakbar alhamdulillah khartoum khartoumsudan
motdepasse motdepassemotdepasse jetaimejetaime monmotdepasse azertyuiop azertyazerty
azertyuiopqsdf azertyuiopqsdfghjklm contrasena correcthorse letmein welcome admin
administrador administrateur passwort passw0rd p@ssw0rd p@ssword hearthwatch
1qaz2wsx3edc 1qaz2wsx3edc4rfv 1q2w3e4r5t6y q1w2e3r4t5y6 a1b2c3d4e5f6 1a2b3c4d5e6f
"""

COMMON = frozenset(_WORDS.split())
