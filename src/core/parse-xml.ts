/** An element of a document; attributes are left out. */
export interface Element {
  readonly name: string;
  /** All text directly in it; none where it is but white space with a line break. */
  readonly text: string;
  readonly children: readonly Element[];
}

/**
 * The root element of an XML document. Nothing is expanded but characters by number and XML's own five entities; any
 * other entity is nothing, and a DOCTYPE is passed over.
 * @see https://www.w3.org/TR/xml/
 * @throws Error when it is not well-formed, in as far as that is found out while it is read
 */
export function parseXml(text: string): Element {
  return new Reader(text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text).root();
}

/** The children of an element that have a name: none, one or many. */
export function childrenOf({ children }: Element, name: string): readonly Element[] {
  return children.filter((child) => child.name === name);
}

/** The first child that has a name. */
export function childOf({ children }: Element, name: string): Element | undefined {
  return children.find((child) => child.name === name);
}

/** The text of the first child that has a name. */
export function textOf(element: Element, name: string): string | undefined {
  return childOf(element, name)?.text;
}

const [BANG, SLASH, QUESTION] = ['!', '/', '?'].map((c) => c.charCodeAt(0));
/** A tag whose attributes have values that hold a `>`. */
const TAG = /(?:[^"'>]|"[^"]*"|'[^']*')*>/y;
const NAME = /^\S+/;
const REFERENCE = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,30}));/gi;
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(REFERENCE, (_, hex?: string, decimal?: string, named?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return decimal === undefined ? (ENTITIES.get(named ?? '') ?? '') : String.fromCodePoint(Number(decimal));
  });
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  root(): Element {
    for (;;) {
      const before = this.#until('<');
      if (before.trim() !== '') throw new Error(`text before the root element: ${before.slice(0, 100)}`);
      const next = this.#text.charCodeAt(this.#at);
      if (next !== BANG && next !== QUESTION) return this.#element();
      this.#aside();
    }
  }

  /** What comes before `mark`, which is passed. */
  #until(mark: string): string {
    const begin = this.#at;
    const end = this.#text.indexOf(mark, begin);
    if (end < 0) throw new Error(`the document ends where ${mark} is expected`);
    this.#at = end + mark.length;
    return this.#text.slice(begin, end);
  }

  /** Reads on behind a `<`. */
  #element(): Element {
    const tag = this.#tag();
    const isEmpty = tag.endsWith('/');
    const inside = isEmpty ? tag.slice(0, -1) : tag;
    const name = inside.includes('=') ? (NAME.exec(inside)?.[0] ?? '') : inside.trimEnd();
    if (name === '') throw new Error('a tag has no name');
    if (isEmpty) return { name, text: '', children: [] };
    const children: Element[] = [];
    let text = '';
    for (;;) {
      text += decoded(this.#until('<'));
      const next = this.#text.charCodeAt(this.#at);
      if (next === SLASH) break;
      if (next === BANG || next === QUESTION) text += this.#aside();
      else children.push(this.#element());
    }
    this.#close(name);
    return { name, text: text.includes('\n') && text.trim() === '' ? '' : text, children };
  }

  /** What is in a tag, up to its `>`, which is passed. */
  #tag(): string {
    const begin = this.#at;
    const tag = this.#until('>');
    if (!tag.includes('=')) return tag;
    TAG.lastIndex = begin;
    if (!TAG.test(this.#text)) throw new Error('a tag does not end');
    this.#at = TAG.lastIndex;
    return this.#text.slice(begin, this.#at - 1);
  }

  #close(name: string): void {
    this.#at += 1;
    const end = this.#until('>').trimEnd();
    if (end !== name) throw new Error(`</${end}> where </${name}> is expected`);
  }

  /** Passes a comment, instruction, declaration or section of text. @returns the text */
  #aside(): string {
    if (this.#text.startsWith('!--', this.#at)) this.#until('-->');
    else if (this.#text.startsWith('?', this.#at)) this.#until('?>');
    else if (this.#text.startsWith('![CDATA[', this.#at)) {
      this.#at += '![CDATA['.length;
      return this.#until(']]>');
    } else this.#declaration();
    return '';
  }

  /** A DOCTYPE, which may hold others in brackets. */
  #declaration(): void {
    const inside = this.#until('>');
    if (inside.includes('[')) this.#until(']');
    if (inside.includes('[')) this.#until('>');
  }
}
