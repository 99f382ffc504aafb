import { unpack } from "../shared/packing.js";
import { getTalk } from "../cluster_map/talk.js";

/** Carry what the map and Python tell each other. It shows nothing. */
export default function clusterMapFeed({ data, setStateValue }) {
  const message = unpack(data);
  const talk = getTalk(message.header.talk);
  talk.connect((asked) => setStateValue("asked", asked));
  talk.deliver(message);
  return () => talk.disconnect();
}
