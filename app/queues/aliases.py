"""Two or three friendly words to say at a counter. Drawn so that nobody guesses them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any, cast

from coolname import RandomGenerator
from coolname.data import config

_NOT_THESE = """
aboriginal acrid adder aggressive alluring aloof anaconda annoying ape arrogant artificial asp attractive
audacious baboon bald barnacle bat beautiful beaver belligerent berserk bipedal bizarre blond boa boar
bonobo boobook booby brawny bug bulky bull burrowing bustard buzzard calculating capuchin chicken
chimpanzee chubby chupacabra clam cobra cockatoo cockatrice cocky comical controversial coot copperhead
cougar cow crab crafty crazy crouching cryptic cuckoo cunning curvy cute daffy daft dangerous defiant degu
demonic devious devout didactic dinosaur divergent dodo dog donkey dramatic dugong earthworm earwig
eccentric economic elephant elusive emotional enigmatic evasive fanatic fat fictional fierce finicky flat
frisky furious gabby gainful galago garrulous gay gibbon girlish glaring goat godlike goose gorgeous
gorilla greedy grouse grumpy hairy hallowed handsome hasty heavy heretic hippo hissing hog horned hornet
hot hungry hyena hypnotic hysterical illegal imperious impetuous imported impossible infallible innocent
inscrutable jackal kickass lean leech lemming liberal limpet locust loon loose loris loud loutish
ludicrous lumpy lurking lush macaque macho mamba mammoth manatee mandrill manipulative marmoset married
masked mastodon mature meaty meek messy military mole mongrel monkey mosquito mouse mule mushroom mussel
native naughty nebulous noisy nondescript notorious obedient orangutan orthodox ostrich outrageous
passionate peculiar pig pigeon pillbug polecat pompous poodle prehistoric pretty primitive private
provocative psychedelic puzzling python radical rampant rat rattlesnake rebel refined rhino rich righteous
rigorous romantic rough ruddy sarcastic sassy sceptical scorpion screeching secret serpent sexy shaggy
shapeless shark sheep shrew shrewd sidewinder skinny skunk slick slim sloppy sloth slug sly snail snake
snobbish spiked sponge squid stallion stereotyped sticky stirring straight strange strict swine swinging
tacky taipan talkative tamarin tarantula tarsier tentacled termite thick toad tough tricky turkey uakari
uncovered undetectable unnatural uppish uptight vagabond vague vehement vengeful venomous viper vociferous
vole voracious vulture walrus warping warthog wasp wealthy weasel weightless whale woodlouse worm
"""
"""Of the library's words: what nobody should hear called across a room and know that it means them."""
_UNFRIENDLY = frozenset(_NOT_THESE.split())


def _friendly(*names: str) -> list[str]:
    drawn: Iterable[str] = (word for name in names for word in cast(Any, config)[name]["words"])
    return sorted(set(drawn) - _UNFRIENDLY)


TRAITS = _friendly("adjective")
COLOURS = _friendly("adjective_near")
ANIMALS = _friendly("animal", "animal_breed", "animal_legendary")
_WORDS = RandomGenerator(
    {
        "all": {"type": "nested", "lists": ["2", "3"], "ensure_unique": True},
        "2": {"type": "cartesian", "lists": ["any", "animal"]},
        "3": {"type": "cartesian", "lists": ["trait", "colour", "animal"]},
        "any": {"type": "nested", "lists": ["trait", "colour"]},
        "trait": {"type": "words", "words": TRAITS},
        "colour": {"type": "words", "words": COLOURS},
        "animal": {"type": "words", "words": ANIMALS},
    },
    random.SystemRandom(),
)


def new_alias(words: int = 2) -> str:
    """``words`` is 2 or 3; of three there are a hundred times as many."""
    return "-".join(_WORDS.generate(words))
