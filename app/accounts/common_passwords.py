"""The passwords that lists of stolen ones begin with, as far as they are long enough to be asked for here."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

_SHORTEST = 8
_NEWER = """
00000000 000000000 0000000000 01234567 012345678 0123456789 0987654321 10203040 102030405060 11111111
111111111 1111111111 11112222 1111aaaa 11223344 1122334455 112233445566 12121212 123123123 1231231234
123321123 12341234 1234512345 123454321 1234554321 12345678 123456781 123456789 1234567890 123456789a
123456789q 12345678a 12345679 1234567a 123456ab 123456abc 123456qwerty 1234qwer 123abc123 123qwe123
123qweasd 12qwaszx 13131313 14141414 147258369 147852369 159357159 159753456 19841984 19871987 1a2b3c4d
1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qwerty1 20002000 20202020 22222222 23232323 25252525
31415926 33333333 44444444 55555555 66666666 69696969 741852963 77777777 789456123 789456123a 87654321
88888888 888888888 963852741 98765432 987654321 9876543210 99999999 999999999 a1234567 a12345678 a123456789
a1b2c3d4 aa123456 aa12345678 aaa12345 aaaa1111 aaaaaaaa abc12345 abc123456 abcabcabc abcd1234 abcdabcd
abcdefg1 abcdefgh abcdefghi admin123 admin1234 admin12345 admin123456 admin@123 adminadmin administrator
alexander alexandra angel123 anthony1 arsenal1 arsenal123 asd12345 asd123456 asdf1234 asdfasdf asdfghjk
asdfghjkl asdfghjkl; asdfqwer ashley123 autumn2025 autumn2026 azerty123 azertyuiop babygirl babygirl1
barcelona baseball baseball1 basketball batman123 benjamin blessed1 blink182 butterfly change_me changeme
changeme1 changeme123 charlie1 chelsea1 chelsea123 chocolate christian cocacola computer computer1
contraseña corvette daniel123 december default1 default123 dragon12 dragon123 elizabeth facebook facebook1
february ferrari1 football football1 football123 fortnite freedom1 godisgood google123 guest123 guest1234
harley123 hello123 hello1234 hellohello ilovegod iloveme1 iloveu123 iloveyou iloveyou1 iloveyou123 iloveyou2
india123 india@123 internet internet1 jennifer jessica1 jesus123 jesuschrist jonathan jordan23 juventus1
killer123 letmein1 letmein123 linkedin linkedin1 liverpool liverpool1 lovebug1 lovelove loveme123 loveyou1
manchester master123 master1234 maverick mercedes metallica michael1 michelle midnight minecraft monkey123
motdepasse mustang1 mustang123 mylove123 mypassword newpassword nicole123 nintendo nirvana1 nopassword
november november1 oldpassword p@$$w0rd p@ssw0rd p@ssw0rd1 p@ssword p@ssword1 pa$$word pa55word pass1234
pass12345 pass@123 pass@1234 passpass passw0rd passw0rd1 password password! password.1 password01 password1
password1! password11 password12 password123 password1234 password12345 password123456 password2
password2024 password2025 password2026 password99 passwordpassword passwort passwort1 patricia playstation
pokemon1 pokemon123 precious princess princess1 princess123 q1234567 q12345678 q1w2e3r4 q1w2e3r4t5 qazwsx123
qazwsxedc qqqqqqqq qwer1234 qwerasdf qwerasdfzxcv qwerty11 qwerty12 qwerty123 qwerty1234 qwerty12345
qwerty123456 qwertyqwerty qwertyui qwertyuiop qwertz123 qwertzuiop rainbow1 realmadrid roblox123 root1234
rootroot samantha samsung1 samsung123 secret12 secret123 secret1234 september shadow12 shadow123 slipknot
snickers softball spiderman spring2025 spring2026 startrek starwars starwars1 stephanie summer123 summer2024
summer2025 summer2026 sunflower sunshine sunshine1 superman superman1 sweetheart temp1234 temporary test1234
test12345 testing1 testing123 testtest thepassword ticket123 tickets1 toor1234 trustno1 unicorn1 user1234
usher123 usher1234 veronica victoria wachtwoord welcome1 welcome12 welcome123 welcome1234 welcome2024
welcome2025 welcome2026 whatever whatever1 winter123 winter2024 winter2025 winter2026 xxxxxxxx yourpassword
youtube1 zaq12wsx zaq1xsw2 zaq1zaq1 zxcvbnm1 zxcvbnm123 zxcvbnmz zzzzzzzz
"""
"""Of years, seasons and names that the other list is too old to know, and ours."""


@cache
def common_passwords() -> frozenset[str]:
    """In small letters; the 30,000 most common of zxcvbn's list among them. Read when first asked for."""
    return frozenset(password for password in (*_stolen(), *_NEWER.split()) if len(password) >= _SHORTEST)


def _stolen() -> list[str]:
    """The list alone: the package around it would keep 15 MB of other words in every process."""
    package = find_spec("zxcvbn")
    assert package is not None
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0]) / "frequency_lists.py"
    spec = spec_from_file_location("zxcvbn_frequency_lists", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[str] = module.FREQUENCY_LISTS["passwords"]
    return found
