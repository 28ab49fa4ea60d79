#include "daemon/roles/queue_role.hpp"

#include "queue/metered.hpp"

namespace sonde::daemon {

queue_role::queue_role(const role_context& context, std::unique_ptr<queue::backend> queue)
    : role(context), queue_(queue::make_metered(std::move(queue), context.counts)) {}

}  // namespace sonde::daemon
