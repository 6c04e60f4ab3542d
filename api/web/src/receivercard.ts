// One receiver: how it stands, what it is told, its subscriptions, and what can be done with it.

import { CHANNELS, DETAILS, LANGUAGES, mayChange, quietWords, standingOf, standingWords, subscriptionWords, testWords } from "./alertwords";
import { inWords, isAbort, part, type Api } from "./api";
import { ask } from "./ask";
import { button, confirmed, facts, field, h, uid } from "./dom";
import { follow } from "./follow";
import type { Message, OneReceiver, Receiver, Subscription, WholeMessage, Who } from "./types";
import { counted, isolated } from "./words";

/** How often it is asked what became of a test, until it was tried. */
const ASKED_AT_MOST = 30;

export interface CardAround {
  api: Api;
  who: () => Who | null;
  signal: () => AbortSignal;
  ownerName: (id: string) => string;
  regionName: (id: string) => string | null;
  change: (receiver: Receiver) => void;
  rotate: (receiver: Receiver) => void;
  subscribe: (receiver: Receiver, holder: HTMLElement, before: Subscription | null) => void;
  showMessages: (choice: { receiver?: string }) => void;
  /** Something was done; all is loaded anew, and the words say what it was. */
  done: (words: string, receiver: string) => void;
}

/** `responder` is the organisation of the network that it is a contact of, if it is one. */
export function receiverCard(receiver: Receiver, subscriptions: readonly Subscription[], responder: string | null, around: CardAround): HTMLElement {
  const { channel, detail, language, storm_cap: cap, scope, owner } = receiver;
  const stands = standingOf(receiver);
  const [short, sentence] = standingWords(receiver);
  const heading = h("h4", { id: uid("receiver"), tabindex: -1 }, h("bdi", {}, receiver.name));
  const may = mayChange(around.who(), receiver);
  const holder = h("div", { class: "sub-holder" });
  const level = DETAILS[detail];
  return h(
    "article",
    { class: "card", "aria-labelledby": heading.id, "data-testid": "receiver", "data-id": receiver.id },
    h("div", { class: "card-head" }, heading, h("span", { class: `stands ${stands}`, "data-testid": "receiver-stands" }, short)),
    h("p", {}, sentence),
    facts(
      ["By", `${CHANNELS[channel]?.name ?? channel}${channel === "cap" ? `, ${scope.toLowerCase()}` : ""}, in ${LANGUAGES[language] ?? language}`],
      ["Is told", h("span", {}, h("strong", {}, `${level?.name ?? detail}: `), level?.tells, receiver.pictures ? " With a picture before and after." : "")],
      ["Quiet hours", quietWords(receiver)],
      ["In an hour", `${counted(cap, "single alert")} at most, then a list`],
      ["Answers for it", h("bdi", {}, around.ownerName(owner))],
    ),
    responder && h("p", { "data-testid": "receiver-contact" }, "A contact of ", h("bdi", {}, responder), ": it is told what that agreement says."),
    stands !== "removed" && responder === null && subscribed(receiver, subscriptions, holder, may, around),
    holder,
    may ? acts(receiver, responder === null ? holder : null, around) : null,
    button("Show its messages", () => around.showMessages({ receiver: receiver.id }), { class: "link", "data-testid": "receiver-messages", "aria-label": `Show the messages to ${isolated(receiver.name)}` }),
  );
}

/** Of what it is told; nothing, where it has no subscription. */
function subscribed(receiver: Receiver, subscriptions: readonly Subscription[], holder: HTMLElement, may: boolean, around: CardAround): HTMLElement {
  const items = subscriptions.map((one) => h("li", { "data-testid": "subscription" }, h("strong", {}, h("bdi", {}, one.name)), one.paused ? h("strong", { class: "paused" }, " Paused. ") : ". ", subscriptionWords(one, around.regionName), may && subscriptionActs(receiver, one, holder, around)));
  return h(
    "div",
    { class: "subscriptions" },
    h("h5", {}, "Subscriptions"),
    items.length > 0 ? h("ul", { class: "plain" }, ...items) : h("p", { class: "doubts", "data-testid": "no-subscription" }, "None: it is told nothing new."),
  );
}

function subscriptionActs(receiver: Receiver, one: Subscription, holder: HTMLElement, around: CardAround): HTMLElement {
  const { api, done } = around;
  const route = `/subscriptions/${part(one.id)}`;
  const of = `: ${isolated(one.name)}`;
  const problem = h("p", { class: "problem", role: "alert" });
  const pause = act(
    one.paused ? "Resume" : "Pause",
    problem,
    () => api.json(route, { method: "PATCH", body: { paused: !one.paused } }),
    () => done(one.paused ? "It is told of what is new again." : "Paused: nothing new is told because of it. What was told before is followed up.", receiver.id),
    { class: "link", "data-testid": "sub-pause", "aria-label": `${one.paused ? "Resume" : "Pause"}${of}` },
  );
  const remove = async (): Promise<void> => {
    const sure = await confirmed(`Remove the subscription ${isolated(one.name)}?`, "Nothing new is told because of it. What was told before is followed up.", "Remove");
    if (!sure) return;
    try {
      await api.request(route, { method: "DELETE" });
      done("The subscription is removed.", receiver.id);
    } catch (error) {
      problem.textContent = inWords(error);
    }
  };
  return h(
    "div",
    { class: "row" },
    button("Change", () => around.subscribe(receiver, holder, one), { class: "link", "data-testid": "sub-change", "aria-label": `Change${of}` }),
    pause,
    button("Remove", () => void remove(), { class: "link", "data-testid": "sub-remove", "aria-label": `Remove${of}` }),
    problem,
  );
}

function acts(receiver: Receiver, holder: HTMLElement | null, around: CardAround): HTMLElement {
  const { api, done } = around;
  const stands = standingOf(receiver);
  const problem = h("p", { class: "problem", role: "alert", "data-testid": "receiver-problem" });
  const result = h("p", { class: "done", role: "status", "data-testid": "test-result" });
  const made: HTMLElement[] = [];
  if (holder) made.push(button("Add a subscription", () => around.subscribe(receiver, holder, null), { "data-testid": "sub-add" }));
  if (stands === "on") made.push(testButton(receiver, result, problem, around));
  made.push(button("Change", () => around.change(receiver), { "data-testid": "receiver-change" }));
  if (CHANNELS[receiver.channel]?.secret && receiver.confirmed) made.push(button("New secret", () => around.rotate(receiver), { "data-testid": "receiver-rotate" }));
  if (receiver.gone) made.unshift(button("Take it over", () => void takeOver(receiver, around), { class: "primary", "data-testid": "receiver-take" }));
  if (stands === "off") {
    const on = (): Promise<OneReceiver> => api.json(`/receivers/${part(receiver.id)}`, { method: "PATCH", body: { disabled: false } });
    const words = receiver.confirmed
      ? "It is switched on: it is told of what is found or changes from now on. What was given up meanwhile can be sent again."
      : "It is switched on, and asked anew whether it wants to be told.";
    made.push(act("Switch on", problem, on, () => done(words, receiver.id), { "data-testid": "receiver-on" }));
  } else made.push(button("Switch off", () => void switchOff(receiver, around), { "data-testid": "receiver-off" }));
  made.push(button("Remove", () => void remove(receiver, problem, around), { class: "danger", "data-testid": "receiver-remove" }));
  return h("div", {}, h("div", { class: "row acts", role: "group", "aria-label": `What can be done with ${isolated(receiver.name)}` }, ...made), result, problem);
}

/** A button that does something at once. */
function act(label: string, problem: HTMLElement, run: () => Promise<unknown>, then: () => void, attributes: Record<string, string>): HTMLButtonElement {
  const made = button(label, () => {
    made.disabled = true;
    problem.textContent = "";
    void run().then(then, (error: unknown) => {
      made.disabled = false;
      if (!isAbort(error)) problem.textContent = inWords(error);
    });
  }, attributes);
  return made;
}

/** Send a test, and tell what becomes of it until it was tried. */
function testButton(receiver: Receiver, result: HTMLElement, problem: HTMLElement, around: CardAround): HTMLButtonElement {
  const { api } = around;
  const run = async (): Promise<void> => {
    made.disabled = true;
    problem.textContent = "";
    const signal = around.signal();
    try {
      const { id } = await api.json<Message>(`/receivers/${part(receiver.id)}/test`, { method: "POST", signal });
      let asked = 0;
      const again = (): Promise<WholeMessage> => {
        asked += 1;
        return api.json<WholeMessage>(`/messages/${part(id)}`, { signal });
      };
      await follow(await again(), {
        again,
        over: (now) => now.state !== "waiting" || now.attempts > 0 || asked >= ASKED_AT_MOST,
        show: (now) => {
          result.textContent = testWords(now, asked >= ASKED_AT_MOST);
        },
        fail: (words) => {
          problem.textContent = words;
        },
        signal,
      });
    } catch (error) {
      if (!isAbort(error)) problem.textContent = inWords(error);
    } finally {
      made.disabled = false;
    }
  };
  const made = button("Send a test", () => void run(), { "data-testid": "receiver-test" });
  return made;
}

/** Answer for a receiver from now on, in the place of somebody who was shut out. */
async function takeOver(receiver: Receiver, { api, ownerName, done }: CardAround): Promise<void> {
  const taken = await ask<OneReceiver>({
    title: `Take ${isolated(receiver.name)} over?`,
    effects: () => [
      `You answer for it from now on, in the place of ${isolated(ownerName(receiver.owner))}. That stays on record.`,
      receiver.disabled ? "It stays switched off." : "It is told again, also what waited meanwhile. See to it first that you know who reads there.",
    ],
    fields: [],
    yes: "Take it over",
    missing: () => null,
    send: (signal) => api.json(`/receivers/${part(receiver.id)}`, { method: "PATCH", body: { take_over: true }, signal }),
  });
  if (taken) done("You answer for it from now on.", receiver.id);
}

/** Switch a receiver off, and say why. */
async function switchOff(receiver: Receiver, { api, done }: CardAround): Promise<void> {
  const why = h("input", { type: "text", autocomplete: "off", maxlength: 500, "data-testid": "ask-reason" });
  const off = await ask<OneReceiver>({
    title: `Switch ${isolated(receiver.name)} off?`,
    effects: () => [
      "Nothing is sent to it. What is due for it already, and what changes or is taken back of what it was told, it is told once it is on again, in one summary.",
      "What is found while it is off it is not told, not later either.",
    ],
    fields: [field("Why (optional)", why, "Whoever looks here later reads it.")],
    yes: "Switch it off",
    danger: true,
    missing: () => null,
    send: (signal) => api.json(`/receivers/${part(receiver.id)}`, { method: "PATCH", body: { disabled: true, ...(why.value.trim() ? { disabled_reason: why.value.trim() } : {}) }, signal }),
  });
  if (off) done("It is switched off: nothing is sent to it.", receiver.id);
}

async function remove(receiver: Receiver, problem: HTMLElement, { api, done }: CardAround): Promise<void> {
  const sure = await confirmed(
    `Remove ${isolated(receiver.name)}?`,
    "It is told nothing more, for good, not even that what it was told is taken back. Its address and its subscriptions go; what it was told stays on record.",
    "Remove",
  );
  if (!sure) return;
  try {
    await api.request(`/receivers/${part(receiver.id)}`, { method: "DELETE" });
    done("The receiver is removed.", receiver.id);
  } catch (error) {
    problem.textContent = inWords(error);
  }
}
