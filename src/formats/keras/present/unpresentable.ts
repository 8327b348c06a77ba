/** A layer that can't be presented in operators; the message ends "… because". */
export class Unpresentable extends Error {}
