#include "grammar/gbnf.hpp"
namespace grammar {}
