// A browser without scripts: cookies, redirects and forms over plain HTTP. It stops where it is sent elsewhere than to Keyholder.

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** What the text of an HTML attribute means. */
export function unescape(text) {
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    return decimal ? String.fromCodePoint(Number(decimal)) : (ENTITIES[name] ?? whole);
  });
}

/** What a page says. */
export const words = (page) => page.text.replace(/^.*<main/s, "<main").replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");

const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`, "i"));
  return found && unescape(found[1]);
};

export class Visitor {
  /** `home`: Keyholder's issuer. `why`: what it has logged. */
  constructor(home, why = () => "") {
    this.home = home;
    this.why = why;
    this.cookies = new Map();
  }

  /** Opens an address; where that leads. `left`: the address elsewhere to which the browser was sent. */
  async open(url, form) {
    let next = { url: new URL(url, this.home).href, form };
    for (let hops = 0; hops < 12; hops += 1) {
      if (!next.url.startsWith(`${this.home}/`)) return { left: next.url, text: "" };
      const response = await fetch(next.url, {
        method: next.form ? "POST" : "GET",
        body: next.form && new URLSearchParams(next.form),
        redirect: "manual",
        headers: { cookie: [...this.cookies].map((pair) => pair.join("=")).join("; "), "accept-language": "en-GB" },
      });
      for (const line of response.headers.getSetCookie()) {
        const [name, value] = line.split(";")[0].split(/=(.*)/s);
        if (value) this.cookies.set(name, value);
        else this.cookies.delete(name);
      }
      const location = response.headers.get("location");
      if (!location) return { url: next.url, status: response.status, text: await response.text() };
      await response.arrayBuffer();
      next = { url: new URL(location, next.url).href };
    }
    throw new Error(`redirects without end at ${next.url}`);
  }

  /** Posts a form of another site: cookies stay at home, as those that are `SameSite=Lax` do. */
  async arrive(url, form) {
    const response = await fetch(new URL(url, this.home), { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
    const location = response.headers.get("location");
    return location ? this.open(location) : { url, status: response.status, text: await response.text() };
  }

  /** The forms of a page. */
  static forms(page) {
    return [...page.text.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, tag, inside]) => {
      const fields = {};
      for (const [input] of inside.matchAll(/<(?:input|textarea)\b[^>]*>/g)) {
        const name = attribute(input, "name");
        if (name) fields[name] = attribute(input, "value") ?? "";
      }
      return { action: attribute(tag, "action") ?? page.url, fields };
    });
  }

  /** Fills in the page's form that has these fields, and sends it. */
  async submit(page, filled) {
    const form = Visitor.forms(page).find(({ fields }) => Object.keys(filled).every((name) => name in fields));
    if (!form) {
      const at = `${page.url?.slice(0, 80)}: ${page.status} ${words(page)} ${this.why().slice(-600)}`;
      throw new Error(`no form for ${Object.keys(filled)}, but ${JSON.stringify(Visitor.forms(page))}, at ${at}`);
    }
    return this.open(new URL(form.action, page.url).href, { ...form.fields, ...filled });
  }

  /** Types address and password. */
  async signIn(page, { email, password }) {
    return this.submit(await this.submit(page, { email }), { password });
  }
}
