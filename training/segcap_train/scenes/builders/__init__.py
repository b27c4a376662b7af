"""Everything the generator can build. Importing a module registers its builders; the order is part of the seeds."""
from . import devices, food, furniture, kitchen, packages, sports, street, tools, toys, vessels, writing  # noqa: F401
