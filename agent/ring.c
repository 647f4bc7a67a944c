/* Records -> memory that the recorder reads meanwhile. */
#include "agent.h"

uint8_t *agent_reserve(size_t size_bytes)
{
	uint8_t *data = (uint8_t *)agent.ring + PYTHON_AGENT_RING_AT;
	uint64_t head = agent.ring->head, offset = head & (agent.ring_bytes - 1);
	uint64_t tail = __atomic_load_n(&agent.ring->tail, __ATOMIC_ACQUIRE);
	uint64_t pad = offset + size_bytes > agent.ring_bytes ? agent.ring_bytes - offset : 0;
	if (size_bytes > agent.ring_bytes || head - tail > agent.ring_bytes ||
	    pad + size_bytes > agent.ring_bytes - (head - tail))
		return NULL;
	if (!pad)
		return data + offset;
	struct python_agent_header skipped = { .size_bytes = (uint32_t)pad,
					       .type = PYTHON_AGENT_PAD };
	memcpy(data + offset, &skipped, sizeof(skipped));
	__atomic_store_n(&agent.ring->head, head + pad, __ATOMIC_RELEASE);
	return data;
}

void agent_commit(size_t size_bytes)
{
	__atomic_store_n(&agent.ring->head, agent.ring->head + size_bytes, __ATOMIC_RELEASE);
}
