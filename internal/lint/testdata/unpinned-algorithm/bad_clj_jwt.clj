(ns app.core
  (:require [clj-jwt.core :refer [str->jwt verify]]
            [clojure.tools.logging :as log]
            [compojure.core :refer [defroutes GET]]))

(defn me [request]
  (let [token (str->jwt (get-in request [:headers "authorization"]))]
    (if (verify token (System/getenv "JWT_SECRET")) ;; want unpinned-algorithm
      {:status 200 :body (-> token :claims :sub)}
      (do (log/warn "token refused" (:remote-addr request) (:uri request))
          {:status 401}))))

(defroutes routes (GET "/me" [] me))
