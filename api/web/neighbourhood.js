/** A customer's neighbourhood: who brought them above, whom they brought in rings below. */
import { ask } from "./api.js";
import { drawn } from "./elements.js";
import { words } from "./words.js";

const MOST_IN_A_RING = 24;

export const neighbourhood = (key) =>
  ask(
    `query ($key: String!) {
      customer(key: $key) {
        key name district
        referredBy { referrer { key name } }
        influence { rank spread { value } }
        referrals(first: ${MOST_IN_A_RING}) { totalCount edges { node { referred {
          key name
          referrals(first: 4) { edges { node { referred { key name } } } }
        } } } }
      }
    }`,
    { key },
  );

export function showNeighbourhood({ customer }, choose) {
  const picture = document.querySelector("#neighbourhood");
  const caption = document.querySelector("#person");
  if (!customer) {
    caption.textContent = words().empty;
    picture.replaceChildren();
    return;
  }
  const brought = customer.referrals.edges.map((edge) => edge.node.referred);
  const alone = !brought.length && !customer.referredBy;
  caption.textContent = [customer.key, customer.name, customer.district, alone ? words().nobody : null].filter(Boolean).join(" · ");
  const lines = [];
  const people = [person(customer, 0, 0, 26, "centre", choose)];
  if (customer.referredBy) join(lines, people, customer.referredBy.referrer, [0, 0], [0, -240], 18, "bringer", choose);
  brought.forEach((someone, place) => {
    const angle = arc(place, brought.length, Math.PI * 1.5);
    const at = polar(angle, 190);
    join(lines, people, someone, [0, 0], at, 14, "brought", choose);
    const next = someone.referrals.edges.map((edge) => edge.node.referred);
    const step = (Math.PI * 1.5) / Math.max(brought.length, 6) / Math.max(next.length, 1);
    next.forEach((further, number) => {
      join(lines, people, further, at, polar(angle + (number - (next.length - 1) / 2) * step, 290), 8, "further", choose);
    });
  });
  picture.replaceChildren(...lines, ...people);
  fit(picture);
}

/** Shows all that is drawn with a margin and nothing else, but never enlarges a small drawing beyond reason. */
function fit(picture) {
  const { x, y, width, height } = picture.getBBox();
  const [wide, high] = [Math.max(width, 640) + 40, Math.max(height, 160) + 40];
  picture.setAttribute("viewBox", `${x + width / 2 - wide / 2} ${y + height / 2 - high / 2} ${wide} ${high}`);
}

const arc = (place, count, width) => Math.PI / 2 + (count === 1 ? 0 : (place / (count - 1) - 0.5) * width);
const polar = (angle, radius) => [Math.cos(angle) * radius * 1.45, Math.sin(angle) * radius];

function join(lines, people, someone, [fromX, fromY], [x, y], radius, role, choose) {
  lines.push(drawn("line", { x1: fromX, y1: fromY, x2: x, y2: y }));
  people.push(person(someone, x, y, radius, role, choose));
}

function person({ key, name }, x, y, radius, role, choose) {
  const label = name ?? key;
  const title = drawn("title");
  title.textContent = `${key} ${name ?? ""}`;
  const text = drawn("text", { y: radius + 14 });
  text.textContent = role === "further" ? "" : label;
  const made = drawn("g", { class: `person ${role}`, transform: `translate(${x} ${y})`, "data-key": key }, title, drawn("circle", { r: radius }), text);
  made.addEventListener("click", () => choose(key));
  return made;
}
