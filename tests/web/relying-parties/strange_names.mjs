// Names of people that a careless program would not carry.

/** Names that would be more than names where anybody is careless: with XML, with templates, with characters, with themselves. */
export const STRANGE = [
  ["<b>Ada</b>", "& &amp; &#65; &lt;"],
  ["]]>", "<![CDATA[x]]> <!-- y --> <?z?>"],
  ['" onload="x', "' x='"],
  ["Ada</saml:AttributeValue><saml:AttributeValue>admin", "</saml:Attribute>"],
  ["{ID} {Issuer} $& $1 $$", "%s %(id)s \\n \\u0041"],
  ["a\u00A0b", "a  b\u3000c\u2003d"],
  ["\u202Eada\u202C", "a\uFEFFb\u200Bc\u00ADd"],
  ["e\u0301 \u00E9", "\uFDFA \u0130 \u00DF \uFB03"],
  ["\u{1F469}\u200D\u{1F3EB}", "\u{10FFFD} \uE000 \uFFFD"],
  ["x".repeat(100), "\u{1F511}".repeat(100)],
  // XML cannot carry these.
  ["a\uFFFEb", "a"],
  ["a", "b\uFFFFc"],
];

/** As many names again of any characters, from a seed that says which. */
export function anyNames(count, seed) {
  let state = seed;
  const draw = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const character = () => {
    const point = draw([0x80, 0x800, 0x10000, 0x110000][draw(4)]);
    const within = (from, to) => point >= from && point < to;
    const none = within(0, 0x20) || within(0x7f, 0xa0) || within(0x2028, 0x202a) || within(0xd800, 0xe000);
    return none ? "&" : String.fromCodePoint(point);
  };
  // No import takes what breaks a line. What stands at an end may count as a space, which an import takes away.
  const name = () => `a${Array.from({ length: draw(20) }, character).join("")}z`;
  return Array.from({ length: count }, () => [name(), name()]);
}
