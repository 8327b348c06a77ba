/** How far the second sheet behind a closed group stands out, within the group's place: it says that there is more. */
export const SHEET = 4;
/** A closed group's title bar; the middle of its line of facts, from its top. */
export const GROUP_BAR = 20;
export const GROUP_FACTS = 29;
