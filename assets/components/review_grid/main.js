import { getInstance } from "../shared/dom.js";
import { Review } from "./review.js";

const REVIEWS = new WeakMap();

/** Review pictures one by one or in a grid. */
export default function reviewGrid({ data, parentElement, setStateValue }) {
  const review = getInstance(REVIEWS, parentElement, (root) => new Review(root));
  review.setChoice = (choice) => setStateValue("choice", choice);
  review.open(data);
  return () => review.close();
}
