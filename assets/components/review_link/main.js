import { unpack } from "../shared/packing.js";
import { getHub } from "../review_grid/hub.js";

/** Carry messages between the server and the review on the page. It shows nothing. */
export default function reviewLink({ data, setStateValue }) {
  const { header } = unpack(data);
  const hub = getHub(header.channel);
  const sender = (message) => setStateValue("message", message);
  hub.connect(header.kind, sender);
  hub.deliver(header.kind, header);
  return () => hub.disconnect(header.kind, sender);
}
